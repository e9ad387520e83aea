"""What of a subscription's life takes a second person, where a partner wants one."""

from django.utils.translation import gettext as _

from relationships.enums import ApprovalVerb
from relationships.models import Partner
from relationships.roles import Action
from relationships.services.approvals import Deed, register

from ..models import ScheduledChange, Subscription
from . import lifecycle

RIGHT = Action.CHANGE_SUBSCRIPTION


def _seller(subscription: Subscription) -> Partner:
    assert subscription.seller is not None  # a CSP subscription has one
    return subscription.seller


def _words(subscription: Subscription) -> dict[str, object]:
    return {
        "subscription": subscription,
        "customer": subscription.customer,
        "seats": subscription.quantity,
    }


def _sentence_of_cancel(subscription: Subscription) -> str:
    return _(
        "Cancel %(subscription)s of %(customer)s with its %(seats)s seats: it is "
        "deleted at once and for good."
    ) % _words(subscription)


def _sentence_of_seats(subscription: Subscription, quantity: int, shown: int) -> str:
    sentence = _(
        "Take seats of %(subscription)s of %(customer)s away: from %(shown)s to "
        "%(quantity)s, at once."
    ) % {**_words(subscription), "shown": shown, "quantity": quantity}
    return f"{sentence} {told_of_dropping(subscription)}".strip()


def told_of_dropping(subscription: Subscription) -> str:
    """That other seats drop the scheduled change; empty where none is scheduled."""
    change = (
        ScheduledChange.objects.filter(subscription=subscription)
        .select_related("offer__product")
        .first()
    )
    if change is None:
        return ""
    return _("What is scheduled for the renewal is dropped: %(change)s.") % {
        "change": change
    }


register(
    ApprovalVerb.CANCEL,
    Deed(lifecycle.cancel, RIGHT, Subscription, _seller, _sentence_of_cancel),
)
register(
    ApprovalVerb.TAKE_SEATS,
    Deed(lifecycle.change_seats, RIGHT, Subscription, _seller, _sentence_of_seats),
)
