"""Rows that name another Partner of Record than the recorded one become cases."""

from collections.abc import Sequence
from typing import Any

from relationships.actors import Actor
from relationships.enums import Operation
from relationships.services import log
from relationships.services.activity import record_all

from ...models import Import, PorCase
from ..por_cases import divided
from .judging import Verdict


def hold_back(verdicts: Sequence[Verdict], *, run: Import, actor: Actor) -> None:
    """Open a case for each; one that waits for the same partner holds the newest word.

    The caller has locked the customers, and leaves out what was dismissed before.
    """
    waiting = _waiting(verdicts)
    made, changed = [], []
    for verdict in verdicts:
        assert verdict.known is not None  # otherwise there is nothing to differ from
        partner, statement = divided(verdict.fields)
        case = waiting.get((verdict.known.pk, *partner.values()))
        if case is None:
            made.append(_case(verdict, run, actor, partner, statement))
        else:
            case.statement, case.run = statement, run
            changed.append(case)
    PorCase.objects.bulk_update(changed, ["statement", "run"], batch_size=500)
    _tell(PorCase.objects.bulk_create(made), actor)


def _waiting(verdicts: Sequence[Verdict]) -> dict[tuple[Any, ...], PorCase]:
    """By observation, name and MPN ID."""
    observations = [verdict.known for verdict in verdicts]
    rows = PorCase.objects.waiting().filter(observation__in=observations)
    return {(row.observation_id, row.por_name, row.por_mpn_id): row for row in rows}


def _case(
    verdict: Verdict,
    run: Import,
    actor: Actor,
    partner: dict[str, str],
    statement: dict[str, Any],
) -> PorCase:
    assert verdict.known is not None  # otherwise there is nothing to differ from
    return PorCase(
        customer_id=verdict.known.customer_id,
        observation=verdict.known,
        run=run,
        statement=statement,
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
