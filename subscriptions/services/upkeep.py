"""What has to be done again and again, by a worker or by a command."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts import history, throttling
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import Customer, ResellerRelationship
from relationships.roles import Action
from relationships.services.activity import record

from ..enums import VerificationResult
from ..models import LastVerification
from ..snapshots import Verification, verify_all
from . import clock
from .importing import uploading

CHUNK = 500


def run_clock(
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, int]:
    """Move what time moves, and forget what time lets forget.

    Returns how many invitations expired and how many moves subscriptions made. Raises
    `clock.NotMoved` when it has done all that it can.
    """
    throttling.forget_ended()
    history.forget_old()
    uploading.forget_old_files()
    return clock.run(actor=Actor.clock(), progress=progress)


@dataclass
class Verified:
    """How many relationships, and the ids of those whose fingerprint differs."""

    intact: int = 0
    empty: int = 0
    broken: list[str] = field(default_factory=list)

    def count(self, pk: UUID, verification: Verification) -> VerificationResult:
        if not verification.is_intact:
            self.broken.append(str(pk))
            return VerificationResult.DIFFERENT
        if verification.has_nothing_to_verify:
            self.empty += 1
            return VerificationResult.NOTHING
        self.intact += 1
        return VerificationResult.UNCHANGED

    @property
    def complaint(self) -> str:
        return "The fingerprint differs: " + ", ".join(self.broken)


def verify_existing(
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Verified:
    """Re-read every relationship's existing subscriptions, compare, keep the result."""
    result = Verified()
    total = ResellerRelationship.objects.count()
    relationships = ResellerRelationship.objects.iterator(chunk_size=CHUNK)
    done = 0
    progress(done, total)
    while chunk := list(islice(relationships, CHUNK)):
        _verify(chunk, result)
        done += len(chunk)
        progress(done, total)
    return result


def can_verify(customer: Customer) -> bool:
    relationship = customer.active_relationship
    return relationship is not None and relationship.existing_count > 0


@transaction.atomic
def verify_customer(customer: Customer, *, actor: Actor) -> LastVerification:
    """The same for one, because somebody asks; the activity log tells who did."""
    actor.require(Action.VERIFY_EXISTING, customer)
    relationship = customer.active_relationship
    if relationship is None or not relationship.existing_count:
        raise TransitionNotAllowed(_("There is nothing to verify."))
    [found] = _verify([relationship], Verified())
    record(
        Operation.VERIFY_EXISTING,
        relationship,
        actor=actor,
        partner=relationship.partner,
        customer=customer,
        new={"result": found.result, "existing_count": relationship.existing_count},
    )
    return found


def _verify(
    relationships: list[ResellerRelationship], result: Verified
) -> list[LastVerification]:
    found = [
        LastVerification(
            relationship=relationship,
            result=result.count(relationship.pk, verification),
        )
        for relationship, verification in zip(
            relationships, verify_all(relationships), strict=True
        )
    ]
    return LastVerification.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["relationship"],
        update_fields=["verified_at", "result"],
    )
