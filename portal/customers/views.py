"""My partners: what a tenant's people see of their own tenant, and nothing to change.

Whose rows, the actor alone decides (`visible_to`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portal.signin import sessions, tenants
from portal.signin.going_on import safe_next
from portal.signin.views import go_on
from relationships.actors import Actor
from relationships.enums import CaseKind
from relationships.models import (
    Case,
    Invitation,
    Notice,
    ResellerRelationship,
    TenantSignIn,
)
from relationships.roles import Action
from subscriptions.models import Subscription

from .receipts import receipt_of

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_tenants(view: Page[P]) -> Page[P]:
    """For whoever acts for a tenant; others are sent to where they can choose one."""

    @wraps(view)
    def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        actor = sessions.actor_of(request)
        if actor is not None and actor.is_tenant:
            return view(request, *args, **kwargs)
        if not request.user.is_authenticated:
            return redirect_to_login(request.path)
        if tenants.tenants_of(request):
            return redirect_to_login(request.path, reverse("my-act-as"))
        return redirect("home")

    return never_cache(page)


def _tenant(request: HttpRequest) -> Actor:
    actor = sessions.actor_of(request)
    assert actor is not None  # for_tenants
    return actor


@for_tenants
@require_safe
def my(request: HttpRequest) -> HttpResponse:
    actor = _tenant(request)
    relationships = ResellerRelationship.objects.visible_to(actor)
    context = {
        "may_switch": len(sessions.actors_of_session(request)) > 1,
        "relationships": relationships.select_related(
            "partner", "invitation"
        ).prefetch_related(_asked_to_end()),
        "unread": Notice.objects.visible_to(actor).unread().count(),
        "may_ask": actor.may(Action.ASK_TO_END),
        "may_see_activity": actor.may(Action.VIEW_ACTIVITY),
        "waiting": _waiting_invitations(actor),
        "lines": _lines(actor),
    }
    return render(request, "my/index.html", context)


@for_tenants
@require_safe
def receipt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was accepted, as it was written then; for that tenant's people alone."""
    own = ResellerRelationship.objects.visible_to(_tenant(request))
    found = own.select_related("partner", "customer", "invitation__accepted_by")
    relationship = found.filter(pk=pk).first()
    if relationship is None:
        return render(request, "404.html", status=404)
    return render(request, "my/receipt.html", receipt_of(relationship))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def act_as(request: HttpRequest) -> HttpResponse:
    """Choose among one's own tenants."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    own = tenants.tenants_of(request)
    if not own:
        return redirect("home")
    if request.method == "POST" and tenants.go_on_as(request):
        return go_on(request)
    others = len(sessions.actors_of_session(request)) > len(own)
    context = {"tenants": own, "next": safe_next(request), "is_staff_too": others}
    return render(request, "my/act_as.html", context)


def _asked_to_end() -> "Prefetch[Any]":
    """`asked_to_end`: the open case of each relationship that has one."""
    cases = Case.objects.open().filter(kind=CaseKind.END_RELATIONSHIP)
    return Prefetch("cases", cases, to_attr="asked_to_end")


def _waiting_invitations(actor: Actor) -> list[dict[str, Any]]:
    """Open ones that somebody of this tenant has signed in to."""
    own = TenantSignIn.objects.visible_to(actor).values("invitation")
    rows = Invitation.objects.open().filter(pk__in=own).select_related("partner")
    return [{"row": row, "path": urlsplit(row.url).path} for row in rows]


@dataclass(frozen=True)
class Line:
    """A subscription, and what its channel said of it before, newest first."""

    row: Subscription
    earlier: list[Subscription]


def _lines(actor: Actor) -> list[Line]:
    rows = Subscription.objects.visible_to(actor)
    superseded = rows.existing().filter(superseded_by__isnull=False)
    before = {row.pk: row for row in superseded.select_related("retraction")}
    current = rows.current().select_related("relationship__partner")
    return [Line(row, _chain(row, before)) for row in current]


def _chain(row: Subscription, before: dict[UUID, Subscription]) -> list[Subscription]:
    chain = []
    while row.supersedes_id is not None:
        row = before[row.supersedes_id]
        chain.append(row)
    return chain
