"""Search in the head of every admin page: customers, invitations, subscriptions."""

import uuid
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from relationships.actors import Actor
from relationships.models import Customer, Invitation
from relationships.roles import Action
from subscriptions.enums import Channel
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
    past: str = ""  # what became of it, where it is no longer the current word


@dataclass(frozen=True)
class Group:
    """Hits of one kind, one more than is shown where there are more; and its lists."""

    hits: list[Hit]
    lists: dict[str, str]  # name of the list: name of its address


def search(request: HttpRequest, admin_site: Any) -> HttpResponse:
    """GET `q`: what the actor may see of it, the exact hit first."""
    actor = request.actor  # type: ignore[attr-defined]
    term = request.GET.get("q", "").strip()
    groups = _groups(term, actor) if term else []
    context = {
        **admin_site.each_context(request),
        "title": _("Search"),
        "term": term,
        "hits": _shown(groups),
        "shown": SHOWN,
        "more": _more(groups, term),
    }
    return TemplateResponse(request, "admin/search.html", context)


def find(term: str, actor: Actor) -> list[Hit]:
    """At most `SHOWN` of each kind: exact hits before others, current before past."""
    return _shown(_groups(term, actor))


def _groups(term: str, actor: Actor) -> list[Group]:
    return [
        Group(
            _customers(term, actor),
            {_("Customers"): "relationships_customer"},
        ),
        Group(
            _invitations(term, actor),
            {_("Invitations"): "relationships_invitation"},
        ),
        Group(
            _subscriptions(term, actor),
            {
                _("CSP subscriptions"): "subscriptions_cspsubscription",
                _("Existing subscriptions"): "subscriptions_existingsubscription",
            },
        ),
    ]


def _shown(groups: list[Group]) -> list[Hit]:
    hits = [hit for group in groups for hit in group.hits[:SHOWN]]
    return sorted(hits, key=lambda hit: (not hit.is_exact, bool(hit.past)))


def _more(groups: list[Group], term: str) -> list[tuple[str, str]]:
    """The lists in which the rest is, by name."""
    query = urlencode({"q": term})
    return [
        (name, f"{reverse(f'admin:{list_name}_changelist')}?{query}")
        for group in groups
        if len(group.hits) > SHOWN
        for name, list_name in group.lists.items()
    ]


def _is_exact(term: str, *names: Any) -> bool:
    return term.casefold() in {str(name).casefold() for name in names if name}


def _by_id(term: str, *fields: str) -> Q:
    try:
        wanted = uuid.UUID(term)
    except ValueError:
        return Q(pk__in=[])
    return reduce(or_, (Q(**{field: wanted}) for field in ("pk", *fields)))


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
        .filter(pk__in=[row.pk for row in rows[: SHOWN + 1]])
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
        for row in rows[: SHOWN + 1]
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
    of_tenant = _by_id(term, "customer__tenant_id")
    rows = Invitation.objects.visible_to(actor).filter(
        _contains(names, term) | of_tenant
    )
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
                term,
                *(row.pk, row.reference, row.customer_domain, row.recipient_email),
                *((row.customer.company_name,) if row.customer else ()),
            ),
        )
        for row in rows[: SHOWN + 1]
    ]


def _subscriptions(term: str, actor: Actor) -> list[Hit]:
    """By its own names, and by its customer's name or tenant ID; the current first."""
    if not actor.may(Action.VIEW_SUBSCRIPTIONS):
        return []
    names = ["product_name", "friendly_name", "external_id"]
    customers = Customer.objects.visible_to(actor).search(term, actor)
    rows = Subscription.objects.visible_to(actor).filter(
        _contains(names, term) | Q(customer__in=customers.values("pk"))
    )
    rows = rows.select_related("customer", "retraction").order_by(
        _exact_first(_equals(names, term)), "product_name", "pk"
    )
    found = [(row, "") for row in rows.current()[: SHOWN + 1]]
    left = SHOWN + 1 - len(found)
    found += [(row, _what_became_of(row)) for row in rows.past()[:left]]
    return [
        Hit(
            kind=_("Subscription"),
            label=str(row),
            detail=f"{row.customer}, {row.get_channel_display()}",
            url=row.get_absolute_url(),
            is_exact=_is_exact(
                term, row.pk, row.product_name, row.friendly_name, row.external_id
            ),
            past=past,
        )
        for row, past in found
    ]


def _what_became_of(row: Subscription) -> str:
    if row.channel == Channel.CSP:
        return str(row.get_status_display())
    return _("Retracted") if hasattr(row, "retraction") else _("Superseded")


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
