"""Rows that name another Partner of Record than the recorded one become cases."""

from collections.abc import Sequence
from typing import Any

from relationships.actors import Actor
from relationships.enums import Operation
from relationships.services import log
from relationships.services.activity import record_all

from ...models import Import, PorCase
from ..observing import NAMED_PARTNER
from ..por_cases import dismissed, was_dismissed


def hold_back(rows: Sequence[Any], *, run: Import, actor: Actor) -> None:
    """Open a case for each; one that waits for the same partner holds the newest word.

    The very same statement opens no second one once it was dismissed. `rows` are the
    preview's; the caller has locked their customers.
    """
    before = dismissed(row.known_id for row in rows)
    waiting = _waiting(rows)
    made, changed = [], []
    for row in rows:
        partner = {name: getattr(row, name) for name in NAMED_PARTNER}
        if was_dismissed(partner, row.statement, before.get(row.known_id, ())):
            continue
        case = waiting.get((row.known_id, *partner.values()))
        if case is None:
            made.append(_case(row, partner, run, actor))
        else:
            case.statement, case.run = row.statement, run
            changed.append(case)
    PorCase.objects.bulk_update(changed, ["statement", "run"], batch_size=500)
    _tell(PorCase.objects.bulk_create(made), actor)


def _waiting(rows: Sequence[Any]) -> dict[tuple[Any, ...], PorCase]:
    """By observation, name and MPN ID."""
    observations = [row.known_id for row in rows]
    cases = PorCase.objects.waiting().filter(observation__in=observations)
    return {
        (case.observation_id, case.por_name, case.por_mpn_id): case for case in cases
    }


def _case(row: Any, partner: dict[str, str], run: Import, actor: Actor) -> PorCase:
    return PorCase(
        customer_id=row.customer_id,
        observation_id=row.known_id,
        run=run,
        statement=row.statement,
        stated_by_customer=actor.is_tenant,
        **partner,
    )


def _tell(cases: list[PorCase], actor: Actor) -> None:
    record_all(
        log.unsaved(
            Operation.OPEN_CASE,
            case,
            actor=actor,
            customer_id=case.customer_id,
            new={"observation": str(case.observation_id)},
        )
        for case in cases
    )
