"""A wrong import is taken back as a whole: its rows stay, and leave the view.

What they superseded holds again.
"""

from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock
from portal.foundation.bulk import insert_rows
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.roles import Action
from relationships.services.activity import record, record_of_customers

from ...models import Import, ObservationRetraction
from ..locking import lock_customers
from ..restoring import restore_earlier
from .uploading import lock_import


@transaction.atomic
def retract_import(
    run: Import, *, actor: Actor, reason: str, restores: bool = True
) -> int:
    """Retract what it recorded and is still the newest word; how many that were.

    What that superseded is recorded anew, unless `restores` is false. What a newer
    observation supersedes, or was retracted by itself, is let be. Raises
    TransitionNotAllowed when nothing is left, ValidationError `reason`.
    """
    actor.require(Action.RETRACT_OBSERVATION)
    assert actor.user is not None  # only the operator retracts
    run = lock_import(run)
    reason = reason.strip()
    if not reason:
        raise ValidationError(_("Say why it is retracted."), code="reason")
    rows = run.retractable().order_by()
    lock_customers(rows.values("customer"))
    found = list(rows.values_list("pk", "customer"))
    if not found:
        raise TransitionNotAllowed(_("Nothing of this import is current any more."))
    now = clock.now()
    insert_rows(
        ObservationRetraction,
        ("subscription", "actor", "reason", "at"),
        ((pk, actor.user.pk, reason, now) for pk, _customer in found),
    )
    ids = [pk for pk, _customer in found]
    restored = restore_earlier(ids, at=now, reason=reason) if restores else 0
    counted = Counter(customer for _pk, customer in found)
    _tell(run, actor, reason, counted, restored)
    return len(found)


def _tell(
    run: Import, actor: Actor, reason: str, counted: Counter[Any], restored: int
) -> None:
    operation = Operation.RETRACT_OBSERVATION
    new = {"retracted": counted.total(), "restored": restored}
    record(operation, run, actor=actor, new=new, reason=reason)
    news = {customer: {"retracted": count} for customer, count in counted.items()}
    record_of_customers(operation, run, actor=actor, news=news, reason=reason)
