"""The front page: Quick links, what waits for this person, and figures."""

from typing import Any

from django.db.models import Count, Min, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from relationships.actors import Actor
from relationships.models import ActivityRecord, Invitation
from relationships.roles import Action
from subscriptions.enums import VerificationResult
from subscriptions.models import LastVerification

from .needs import needs_of
from .tiles import tiles_of

SHOWN = 8
# What they take, label, address and icon.
QUICK_LINKS = (
    (
        Action.INVITE,
        _("Request reseller relationship"),
        "admin:request-reseller-relationship",
        "send",
    ),
    (
        Action.INVITE,
        _("Copy partner link"),
        "admin:request-reseller-relationship",
        "link",
    ),
    (
        Action.ADD_CUSTOMER,
        _("Add customer"),
        "admin:relationships_customer_add",
        "plus",
    ),
    (
        Action.VIEW_CUSTOMERS,
        _("Customers"),
        "admin:relationships_customer_changelist",
        "people",
    ),
    (
        Action.RECORD_OBSERVATION,
        _("Import existing subscriptions"),
        "admin:subscriptions_import_add",
        "plus",
    ),
    (
        Action.MANAGE_PARTNERS,
        _("Add partner"),
        "admin:relationships_partner_add",
        "plus",
    ),
    (Action.MANAGE_PEOPLE, _("Add person"), "admin:accounts_user_add", "plus"),
)
TRANSACTING = {Action.INVITE, Action.ADD_CUSTOMER}  # not for who only advises


def front_page(request: HttpRequest) -> dict[str, Any]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    needs = needs_of(actor)
    return {
        "today": clock.now(),
        "quick_links": quick_links(actor),
        "needs": needs,
        "needs_count": sum(need.count for need in needs or ()),
        "first_step": first_step(actor),
        "tiles": tiles_of(actor),
        "integrity": _integrity(actor),
        "records": _records(actor),
    }


def first_step(actor: Actor) -> str:
    """Where somebody begins who may invite, and whose partner never has."""
    if not (_transacts(actor) and actor.may(Action.INVITE)):
        return ""
    if Invitation.objects.visible_to(actor).exists():
        return ""
    return reverse("admin:request-reseller-relationship")


def _transacts(actor: Actor) -> bool:
    return bool(actor.partner and actor.partner.is_csp_transacting)


def quick_links(actor: Actor) -> list[dict[str, Any]]:
    """Label, address and icon; the first is step 1 of the seven."""
    return [
        {"label": label, "url": reverse(url), "icon": icon}
        for action, label, url, icon in QUICK_LINKS
        if actor.may(action) and (_transacts(actor) or action not in TRANSACTING)
    ]


def _integrity(actor: Actor) -> dict[str, Any] | None:
    """What was last verified: how many with each result, and when."""
    if not actor.may(Action.VIEW_SUBSCRIPTIONS):
        return None
    return LastVerification.objects.visible_to(actor).aggregate(
        at=Min("verified_at"),
        **{
            result: Count("pk", filter=Q(result=result))
            for result in VerificationResult.values
        },
    )


def _records(actor: Actor) -> Any:
    if not actor.may(Action.VIEW_ACTIVITY):
        return None
    records = ActivityRecord.objects.visible_to(actor)
    return records.select_related("actor", "customer")[:SHOWN]
