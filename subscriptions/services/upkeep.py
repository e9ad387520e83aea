"""What has to be done again and again, by a worker or by a command."""

from collections.abc import Callable
from dataclasses import dataclass, field

from portal.accounts import history, throttling
from relationships.actors import Actor
from relationships.models import ResellerRelationship
from relationships.services import notices

from ..snapshots import verify
from . import clock

CHUNK = 500


def run_clock() -> dict[str, int]:
    """Move what time moves, and forget what time lets forget.

    Returns how many invitations expired and how many moves subscriptions made. Raises
    `clock.NotMoved` when it has done all that it can.
    """
    throttling.forget_ended()
    history.forget_old()
    notices.forget_old()
    return clock.run(actor=Actor.clock())


@dataclass
class Verified:
    """How many relationships, and the ids of those whose fingerprint differs."""

    intact: int = 0
    empty: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def complaint(self) -> str:
        return "The fingerprint differs: " + ", ".join(self.broken)


def verify_existing(
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Verified:
    """Re-read every relationship's existing subscriptions and compare."""
    result = Verified()
    total = ResellerRelationship.objects.count()
    relationships = ResellerRelationship.objects.iterator(chunk_size=CHUNK)
    for number, relationship in enumerate(relationships):
        if number % CHUNK == 0:
            progress(number, total)
        verification = verify(relationship)
        if not verification.is_intact:
            result.broken.append(str(relationship.pk))
        elif verification.has_nothing_to_verify:
            result.empty += 1
        else:
            result.intact += 1
    progress(total, total)
    return result
