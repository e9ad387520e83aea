"""What was done for a tenant, for its own people, as the activity log has it."""

from collections.abc import Iterable
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.signin import sessions
from relationships.actors import Actor
from relationships.models import ActivityRecord
from relationships.querysets import kind_of
from relationships.roles import Action
from subscriptions.models import Subscription

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
    _name_subscriptions(page.object_list, actor)
    return render(request, "my/activity.html", {"page": page})


def _name_subscriptions(records: Iterable[ActivityRecord], actor: Actor) -> None:
    """Set `object_name` where a line is about one."""
    kind = kind_of(Subscription())
    of_subscriptions = [record for record in records if record.resource_type == kind]
    ids = {UUID(record.resource_id) for record in of_subscriptions}
    known = Subscription.objects.visible_to(actor).in_bulk(ids)
    for record in of_subscriptions:
        record.object_name = str(  # type: ignore[attr-defined]
            known.get(UUID(record.resource_id), "")
        )
