"""What can be done with a CSP subscription now; if not, why, and from when.

The one place that decides it: the services ask `require_possible` once they hold the
locks, the pages show `possibilities`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.foundation import clock
from relationships.actors import Actor
from relationships.exceptions import TransitionNotAllowed
from relationships.roles import Action

from ..enums import SubscriptionStatus, SubscriptionVerb
from ..models import ScheduledChange, Subscription
from ..protection import CSP_NEEDS_RELATIONSHIP, SCHEDULED_CHANGE_NEEDS_RENEWAL
from .locking import require_manager
from .seats import current_term, reducible_seats


class Verb(models.TextChoices):
    """What the partner's staff does with a CSP subscription."""

    ADD_SEATS = "add_seats"
    TAKE_SEATS = "take_seats"
    SCHEDULE_CHANGE = "schedule_change"
    DROP_CHANGE = "drop_change"
    START_RENEWING = "start_renewing"
    STOP_RENEWING = "stop_renewing"
    SUSPEND = "suspend"
    REACTIVATE = "reactivate"
    CANCEL = "cancel"
    RENAME = "rename"


@dataclass(frozen=True)
class Possibility:
    """Allowed (until when), or the refusal and from when it will be allowed."""

    refusal: Exception | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_allowed(self) -> bool:
        return self.refusal is None

    @property
    def reason(self) -> str:
        """Why not, in words for a person."""
        if isinstance(self.refusal, ValidationError):
            return " ".join(self.refusal.messages)
        return str(self.refusal or "")


ALLOWED = Possibility()


def possibilities(subscription: Subscription, actor: Actor) -> dict[Verb, Possibility]:
    """Each verb, for this subscription as it is stored and this actor."""
    managed: dict[str, Possibility] = {}
    found = {}
    for verb in Verb:
        action = _action(verb)
        if action not in managed:
            managed[action] = _manages(subscription, actor, action)
        allowed = managed[action].is_allowed
        found[verb] = judge(verb, subscription) if allowed else managed[action]
    return found


def require_possible(verb: Verb, subscription: Subscription) -> None:
    """Raise the refusal, if there is one; rights are checked with the locks."""
    refusal = judge(verb, subscription).refusal
    if refusal is not None:
        raise refusal


def judge(verb: Verb, subscription: Subscription) -> Possibility:
    """What status and time say, whoever asks."""
    return JUDGES[verb](subscription)


def _action(verb: Verb) -> Action:
    if verb == Verb.RENAME:
        return Action.RENAME_SUBSCRIPTION
    return Action.CHANGE_SUBSCRIPTION


def _manages(subscription: Subscription, actor: Actor, action: Action) -> Possibility:
    try:
        require_manager(subscription, actor, action)
    except (PermissionDenied, ValidationError) as refusal:
        return Possibility(refusal)
    if not subscription.customer.belongs_to(actor):
        return Possibility(CSP_NEEDS_RELATIONSHIP.refusal())
    return ALLOWED


def _is_active(subscription: Subscription) -> bool:
    return subscription.status == SubscriptionStatus.ACTIVE


def _next_window(subscription: Subscription) -> datetime | None:
    """When the renewal buys everything anew; None where nothing renews."""
    renews = _is_active(subscription) and subscription.auto_renews
    return subscription.commitment_ends_at if renews else None


def _not_now(sentence: str, *, code: str) -> Possibility:
    return Possibility(TransitionNotAllowed(sentence, code=code))


def _not_active(subscription: Subscription, sentence: str, *, code: str) -> Possibility:
    """Where the status is in the way: a deleted one has its own rule."""
    is_deleted = subscription.status == SubscriptionStatus.DELETED
    return _not_now(sentence, code="subscription_deleted" if is_deleted else code)


def _seats_are_fixed(subscription: Subscription) -> Possibility:
    is_suspended = subscription.status == SubscriptionStatus.SUSPENDED
    return _not_active(
        subscription,
        _("Seats change only while the subscription is active."),
        code="seats_while_suspended" if is_suspended else "seats_fixed",
    )


def _add_seats(subscription: Subscription) -> Possibility:
    return ALLOWED if _is_active(subscription) else _seats_are_fixed(subscription)


def _take_seats(subscription: Subscription) -> Possibility:
    if not _is_active(subscription):
        return _seats_are_fixed(subscription)
    found = reducible_seats(subscription, current_term(subscription))
    if found:
        return Possibility(until=max(each.until for each in found))
    refusal = ValidationError(
        ngettext(
            "No seat can be taken away now: seats can go within %(days)s day of the "
            "moment when they were added.",
            "No seat can be taken away now: seats can go within %(days)s days of the "
            "moment when they were added.",
            settings.REDUCTION_WINDOW_DAYS,
        ),
        code="seats_not_reducible",
        params={"days": settings.REDUCTION_WINDOW_DAYS},
    )
    return Possibility(refusal, since=_next_window(subscription))


def _schedule(subscription: Subscription) -> Possibility:
    if not _is_active(subscription):
        return _not_active(
            subscription,
            _("A change is scheduled only while the subscription is active."),
            code="not_renewable",
        )
    if not subscription.auto_renews:
        return Possibility(SCHEDULED_CHANGE_NEEDS_RENEWAL.refusal())
    return Possibility(until=subscription.commitment_ends_at)


def _drop(subscription: Subscription) -> Possibility:
    if ScheduledChange.objects.filter(subscription=subscription).exists():
        return Possibility(until=subscription.commitment_ends_at)
    return _not_now(_("No change is scheduled."), code="nothing_scheduled")


def _switch(subscription: Subscription, *, on: bool) -> Possibility:
    if not _is_active(subscription):
        return _not_active(
            subscription,
            _("Auto-renew is switched only while the subscription is active."),
            code="not_renewable",
        )
    if subscription.auto_renews == on:
        already = _("It renews automatically already.")
        sentence = already if on else _("It does not renew automatically.")
        return _not_now(sentence, code="renewal_as_it_is")
    return Possibility(until=subscription.commitment_ends_at)


def _start_renewing(subscription: Subscription) -> Possibility:
    return _switch(subscription, on=True)


def _stop_renewing(subscription: Subscription) -> Possibility:
    return _switch(subscription, on=False)


def _by_table(subscription: Subscription, verb: SubscriptionVerb) -> Possibility:
    if subscription.can(verb):
        return ALLOWED
    return _not_active(
        subscription,
        _("%(verb)s: not possible while the subscription is %(status)s.")
        % {"verb": verb.label, "status": subscription.get_status_display().lower()},
        code="status_fixed",
    )


def _suspend(subscription: Subscription) -> Possibility:
    return _by_table(subscription, SubscriptionVerb.SUSPEND)


def _reactivate(subscription: Subscription) -> Possibility:
    found = _by_table(subscription, SubscriptionVerb.REACTIVATE)
    if found.is_allowed:
        return Possibility(until=subscription.commitment_ends_at)
    return found


def _cancel(subscription: Subscription) -> Possibility:
    found = _by_table(subscription, SubscriptionVerb.CANCEL)
    if not found.is_allowed:
        return found
    until = current_term(subscription).reducible_until
    if until is not None and clock.now() < until:
        return Possibility(until=until)
    refusal = ValidationError(
        ngettext(
            "It can be cancelled within %(days)s day of the order or a renewal, and "
            "that is over.",
            "It can be cancelled within %(days)s days of the order or a renewal, and "
            "that is over.",
            settings.REDUCTION_WINDOW_DAYS,
        ),
        code="cancellation_window",
        params={"days": settings.REDUCTION_WINDOW_DAYS},
    )
    return Possibility(refusal, since=_next_window(subscription))


def _rename(subscription: Subscription) -> Possibility:
    return ALLOWED


JUDGES: dict[Verb, Callable[[Subscription], Possibility]] = {
    Verb.ADD_SEATS: _add_seats,
    Verb.TAKE_SEATS: _take_seats,
    Verb.SCHEDULE_CHANGE: _schedule,
    Verb.DROP_CHANGE: _drop,
    Verb.START_RENEWING: _start_renewing,
    Verb.STOP_RENEWING: _stop_renewing,
    Verb.SUSPEND: _suspend,
    Verb.REACTIVATE: _reactivate,
    Verb.CANCEL: _cancel,
    Verb.RENAME: _rename,
}
