"""What was done for a tenant, for its own people, as the activity log has it."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.signin import sessions
from relationships.models import ActivityRecord
from relationships.roles import Action

from .views import for_tenants

ON_A_PAGE = 50


@for_tenants
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """Newest first. Of a partner's staff it tells the partner, not the person."""
    actor = sessions.actor_of(request)
    assert actor is not None  # for_tenants
    actor.require(Action.VIEW_ACTIVITY)
    records = ActivityRecord.objects.visible_to(actor)
    pages = Paginator(records.select_related("actor", "partner"), ON_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    return render(request, "my/activity.html", {"page": page})
