"""What other channels say a customer has: recorded, superseded, retracted.

Nothing here changes a stored row. A second statement about the same subscription is a
new observation that supersedes the one before.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import Customer, Partner
from relationships.roles import Action
from relationships.services.activity import record

from ..models import ObservationRetraction, Subscription
from .locking import lock_customer
from .observing import (
    Statement,
    as_recorded,
    recorded_partner,
    refuse_csp,
    tell_recorded,
    to_compare,
)
from .restoring import restore_earlier

__all__ = ["Statement", "record_observation", "retract_observation"]


@transaction.atomic
def record_observation(
    customer: Customer, *, actor: Actor, statement: Statement
) -> Subscription:
    """Record what another channel has; a repeated statement changes nothing.

    What it does not say stays as it is recorded.
    ValidationError: `channel` (CSP is not observed), `por_untouched` (the statement
    names another Partner of Record than the recorded one), or what the fields say.
    """
    actor.require(Action.RECORD_OBSERVATION)
    if actor.customer is not None:
        actor.require(Action.RECORD_OBSERVATION, customer)
    refuse_csp(statement.channel)
    customer = lock_customer(customer)
    said = statement.said()
    rows: Any = Subscription.objects.filter(
        customer=customer, channel=statement.channel
    )
    known = _newest(rows, said)
    partner = _partner_of_record(said, known)
    repeated = _repeated(rows, said, known)
    if repeated is not None:
        return repeated
    observation = Subscription.objects.create(
        customer=customer,
        channel=statement.channel,
        recorded_at=clock.now(),
        supersedes=known,
        stated_by_customer=actor.is_tenant,
        **as_recorded(said, known, partner),
    )
    tell_recorded(observation, actor=actor)
    return observation


def _newest(rows: Any, said: dict[str, Any]) -> Subscription | None:
    """The last observation of the same subscription; none without an id elsewhere."""
    if "external_id" not in said:
        return None
    newest = rows.filter(external_id=said["external_id"], superseded_by=None)
    found: Subscription | None = newest.select_related("retraction").first()
    return found


def _repeated(
    rows: Any, said: dict[str, Any], known: Subscription | None
) -> Subscription | None:
    """The current observation that says the very same; a second row would stay."""
    same = rows.current().filter(**to_compare(said, known))
    if known is not None:
        same = same.filter(pk=known.pk)
    elif "external_id" not in said:
        same = same.filter(external_id=None)
    found: Subscription | None = same.first()
    return found


def _partner_of_record(
    said: dict[str, Any], known: Subscription | None
) -> dict[str, Any]:
    """Raises ValidationError `por_untouched` for another one than the recorded."""
    partner = Partner.objects.filter(mpn_id=said.get("por_mpn_id")).first()
    found = recorded_partner(said, known, partner)
    if found is None:
        assert known is not None  # at first, whoever is stated is recorded
        raise ValidationError(
            _(
                "This statement names another Partner of Record than the recorded "
                "%(recorded)s. It was not taken over."
            ),
            code="por_untouched",
            params={"recorded": known.partner_of_record_text or _("nobody")},
        )
    return found


@transaction.atomic
def retract_observation(
    subscription: Subscription, *, actor: Actor, reason: str, restores: bool = True
) -> ObservationRetraction:
    """Take a wrong observation out of the current view; the row stays for good.

    What it superseded is recorded anew, unless `restores` is false.
    TransitionNotAllowed when it is superseded, retracted already, or CSP;
    ValidationError `reason`.
    """
    actor.require(Action.RETRACT_OBSERVATION)
    assert actor.user is not None  # only the operator retracts
    lock_customer(subscription.customer)
    subscription = Subscription.objects.get(pk=subscription.pk)
    _refuse_unless_current(subscription)
    if not reason.strip():
        raise ValidationError(_("Say why it is retracted."), code="reason")
    retraction = ObservationRetraction.objects.create(
        subscription=subscription,
        actor=actor.user,
        reason=reason.strip(),
        at=clock.now(),
    )
    restored = 0
    if restores:
        restored = restore_earlier(
            [subscription.pk], at=retraction.at, reason=retraction.reason
        )
    record(
        Operation.RETRACT_OBSERVATION,
        subscription,
        actor=actor,
        customer=subscription.customer,
        new={"restored": restored},
        reason=retraction.reason,
    )
    return retraction


def _refuse_unless_current(subscription: Subscription) -> None:
    if subscription.is_csp:
        raise TransitionNotAllowed(_("A CSP subscription is not an observation."))
    if hasattr(subscription, "retraction"):
        raise TransitionNotAllowed(_("This observation is retracted already."))
    if hasattr(subscription, "superseded_by"):
        raise TransitionNotAllowed(
            _("A newer observation supersedes this one. Retract that one.")
        )
