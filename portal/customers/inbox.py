"""Notices: a person's own, as who it acts now; in the back office and My partners."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.signin import sessions
from relationships.actors import Actor
from relationships.models import Notice
from relationships.services.notices import mark_read

from .views import for_tenants

ON_A_PAGE = 25


@for_tenants
@require_http_methods(["GET", "HEAD", "POST"])
def my_notices(request: HttpRequest) -> HttpResponse:
    actor = sessions.actor_of(request)
    assert actor is not None  # for_tenants
    if request.method == "POST":
        return _mark_read(request, actor)
    return render(request, "my/notices.html", _page(request, actor))


def staff_notices(request: HttpRequest, admin_site: Any) -> HttpResponse:
    """The same for staff and operators."""
    actor = request.actor  # type: ignore[attr-defined]
    if request.method == "POST":
        return _mark_read(request, actor)
    context = {
        **admin_site.each_context(request),
        **_page(request, actor),
        "title": _("Notices"),
    }
    return TemplateResponse(request, "admin/notices.html", context)


def _page(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    rows = Notice.objects.visible_to(actor)
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    return {"page": page, "unread": rows.unread().count()}


def _mark_read(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The one that the button belongs to, or all."""
    named = request.POST.get("notice")
    if named is None:
        mark_read(actor)
    elif (notice_id := _uuid(named)) is not None:
        mark_read(actor, notice_id)
    return HttpResponseRedirect(request.get_full_path())


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
