"""Search in the head of every admin page: customers, invitations, subscriptions."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from relationships.actors import Actor
from relationships.models import Customer, Invitation
from relationships.roles import Action
from subscriptions.models import Subscription

SHOWN = 15


@dataclass(frozen=True)
class Hit:
    """Something found; `is_exact` when one of its names is just what was typed."""

    kind: str
    label: str
    detail: str
    url: str
    is_exact: bool


def search(request: HttpRequest, admin_site: Any) -> HttpResponse:
    """GET `q`: what the actor may see of it, the exact hit first."""
    actor = request.actor  # type: ignore[attr-defined]
    term = request.GET.get("q", "").strip()
    context = {
        **admin_site.each_context(request),
        "title": _("Search"),
        "term": term,
        "hits": find(term, actor) if term else [],
        "shown": SHOWN,
    }
    return TemplateResponse(request, "admin/search.html", context)


def find(term: str, actor: Actor) -> list[Hit]:
    """At most `SHOWN` of each kind, exact hits before all others."""
    hits = [
        *_customers(term, actor),
        *_invitations(term, actor),
        *_subscriptions(term, actor),
    ]
    return sorted(hits, key=lambda hit: not hit.is_exact)


def _is_exact(term: str, *names: Any) -> bool:
    return term.casefold() in {str(name).casefold() for name in names if name}


def _by_id(term: str) -> Q:
    try:
        return Q(pk=uuid.UUID(term))
    except ValueError:
        return Q(pk__in=[])


def _customers(term: str, actor: Actor) -> list[Hit]:
    """By name, tenant ID, and by the domain where the actor may read it."""
    if not actor.may(Action.VIEW_CUSTOMERS):
        return []
    rows = Customer.objects.visible_to(actor).search(term, actor)
    exact = (
        Q(company_name__iexact=term)
        | Q(primary_domain__iexact=term)
        | Q(stated_domain__iexact=term)
    )
    rows = rows.order_by(_exact_first(exact), "company_name")
    readable = set(
        Customer.objects.profile_visible_to(actor)
        .filter(pk__in=[row.pk for row in rows[:SHOWN]])
        .values_list("pk", flat=True)
    )
    return [
        Hit(
            kind=_("Customer"),
            label=row.company_name,
            detail=row.domain if row.pk in readable else "",
            url=row.get_absolute_url(),
            is_exact=_is_exact(
                term,
                row.company_name,
                row.tenant_id,
                row.domain if row.pk in readable else None,
            ),
        )
        for row in rows[:SHOWN]
    ]


def _exact_first(condition: Q) -> Any:
    return Case(When(condition, then=Value(0)), default=Value(1))


def _invitations(term: str, actor: Actor) -> list[Hit]:
    if not actor.may(Action.VIEW_INVITATIONS):
        return []
    names = [
        "reference",
        "customer_domain",
        "customer__company_name",
        "recipient_email",
    ]
    rows = Invitation.objects.visible_to(actor).filter(_contains(names, term))
    rows = rows.select_related("customer").order_by(
        _exact_first(_equals(names, term)), "-created_at"
    )
    return [
        Hit(
            kind=_("Invitation"),
            label=str(row),
            detail=f"{row.current_status.label} {row.reference}".strip(),
            url=row.get_absolute_url(),
            is_exact=_is_exact(
                term, row.pk, row.reference, row.customer_domain, row.recipient_email
            ),
        )
        for row in rows[:SHOWN]
    ]


def _subscriptions(term: str, actor: Actor) -> list[Hit]:
    if not actor.may(Action.VIEW_SUBSCRIPTIONS):
        return []
    names = ["product_name", "friendly_name", "external_id"]
    rows = Subscription.objects.visible_to(actor).filter(_contains(names, term))
    rows = rows.select_related("customer").order_by(
        _exact_first(_equals(names, term)), "product_name", "pk"
    )
    return [
        Hit(
            kind=_("Subscription"),
            label=str(row),
            detail=f"{row.customer}, {row.get_channel_display()}",
            url=row.get_absolute_url(),
            is_exact=_is_exact(term, row.pk, row.friendly_name, row.external_id),
        )
        for row in rows[:SHOWN]
    ]


def _contains(names: list[str], term: str) -> Q:
    found = _by_id(term)
    for name in names:
        found |= Q(**{f"{name}__icontains": term})
    return found


def _equals(names: list[str], term: str) -> Q:
    found = _by_id(term)
    for name in names:
        found |= Q(**{f"{name}__iexact": term})
    return found
