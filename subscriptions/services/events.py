"""What happens to subscriptions, each with who is told of it.

Called by the service that causes it, in its transaction. See
`relationships.services.notices` for how a new one plugs in.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from relationships.actors import Actor
from relationships.enums import NoticeKind
from relationships.models import ActivityRecord
from relationships.services.events import ADMINISTRATORS, people_of, staff_of
from relationships.services.notices import Message, tell

from ..models import Order, Subscription

if TYPE_CHECKING:
    from ..models import RenewalDecision


def order_confirmed(order: Order, *, by: Actor) -> None:
    """Who ordered, and the customer's administrators."""
    lines = list(order.lines.select_related("offer__product"))
    message = Message(
        NoticeKind.ORDER_CONFIRMED,
        event=str(order.pk),
        path=reverse("admin:subscriptions_order_change", args=[order.pk]),
        data={
            "partner": order.relationship.partner.name,
            "customer": order.customer.company_name,
            "lines_count": len(lines),
        },
        context={"order": order, "lines": lines},
    )
    tell([by], message)
    of_tenant = replace(
        message, path=reverse("my"), on_behalf_of=order.relationship.partner
    )
    tell(_administrators(order), of_tenant)


def seats_changed(
    subscription: Subscription, told: ActivityRecord, *, by: Actor
) -> None:
    """The customer's administrators, and who ordered it where that is somebody else.

    `by` is the clock where a renewal brought other seats.
    """
    data = {"before": told.old_value["quantity"], "after": told.new_value["quantity"]}
    _tell_of_change(
        NoticeKind.SEATS_CHANGED,
        subscription,
        told,
        by=by,
        data=data,
        context={"is_renewal": by.user is None},
    )


def status_changed(
    subscription: Subscription, told: ActivityRecord, *, by: Actor
) -> None:
    """Suspended, reactivated or cancelled: the same people as of seats."""
    data = {"status": subscription.status}
    _tell_of_change(NoticeKind.STATUS_CHANGED, subscription, told, by=by, data=data)


def _tell_of_change(
    kind: NoticeKind,
    subscription: Subscription,
    told: ActivityRecord,
    *,
    by: Actor,
    data: dict[str, Any],
    context: dict[str, Any] | None = None,
) -> None:
    seller = subscription.seller
    assert seller is not None  # a CSP subscription has one
    names = {
        "partner": seller.name,
        "customer": subscription.customer.company_name,
        "product": subscription.product_name,
    }
    message = Message(
        kind,
        event=str(told.pk),
        path=subscription.get_absolute_url(),
        data={**names, **data},
        context={"subscription": subscription, "at": told.at, **(context or {})},
    )
    ordered_by = subscription.order_line.order.placed_by_id
    staff = staff_of(seller)
    tell([a for a in staff if a.user_id == ordered_by != by.user_id], message)
    of_tenant = replace(message, path=reverse("my"), on_behalf_of=seller)
    tell(_administrators(subscription), of_tenant)


def import_finished(
    actor: Actor, *, event: str, path: str, recorded: int, refused: int
) -> None:
    """Who started it; `event` names the import, `path` its result page."""
    message = Message(
        NoticeKind.IMPORT_FINISHED,
        event=event,
        path=path,
        data={"recorded": recorded, "refused": refused},
    )
    tell([actor], message)


def renewals_due(
    actor: Actor, decisions: Sequence["RenewalDecision"], *, digest: int
) -> None:
    """One digest of what this person, or its partner, has to decide."""
    page = reverse("admin:subscriptions_renewaldecision_changelist")
    message = Message(
        NoticeKind.RENEWALS_DUE,
        event=str(digest),
        path=f"{page}?state=open",
        data={"decisions_count": len(decisions)},
        context={"decisions": decisions},
    )
    tell([actor], message)


def _administrators(row: Order | Subscription) -> list[Actor]:
    people = people_of(row.customer)
    return [actor for actor in people if actor.role in ADMINISTRATORS]
