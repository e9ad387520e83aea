"""What a customer has from other channels: chains of observations."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from relationships.enums import Operation
from relationships.models import Partner
from relationships.roles import OPERATOR
from subscriptions.calendar import add_months
from subscriptions.enums import (
    TERM_MONTHS,
    BillingPlan,
    Channel,
    SubscriptionStatus,
    Term,
)
from subscriptions.models import ObservationRetraction, Subscription

from .bulk import Rows
from .log import By, Log
from .setting import Setting

CHANNELS = [Channel.DIRECT] * 5 + [Channel.ADVISOR] * 4 + [Channel.VOLUME]
LENGTHS = [1, 1, 1, 1, 2, 2, 3]  # of a chain
SEATS = [1, 2, 3, 5, 8, 10, 15, 20, 25, 40, 60, 85, 120, 250]
RETRACTED = 40  # one of so many, of those without a relationship


@dataclass(frozen=True)
class Owner:
    """Whose they are: its id, and how many rows there are to be."""

    customer_id: uuid.UUID
    count: int
    is_related: bool


def observe(
    setting: Setting, rows: Rows, owner: Owner, dice: Random
) -> list[dict[str, Any]]:
    """Rows of `owner.count` observations, each with the operator's record."""
    made: list[dict[str, Any]] = []
    log, by = Log(rows, owner.customer_id), By(setting.operator, OPERATOR)
    while len(made) < owner.count:
        length = min(dice.choice(LENGTHS), owner.count - len(made))
        chain = _chain(setting, owner, length, dice)
        for values in chain:
            rows.add(Subscription, **values)
            _tell(log, by, values)
        made += chain
        if not owner.is_related and dice.randrange(RETRACTED) == 0:
            _retract(rows, log, by, setting.now - timedelta(hours=8), chain[-1])
    return made


def _chain(
    setting: Setting, owner: Owner, length: int, dice: Random
) -> list[dict[str, Any]]:
    """The first statement, and those that supersede it one after the other."""
    span = (setting.now - setting.first_day).days - 1
    days = sorted(dice.sample(range(span), length))
    moments = [setting.first_day + timedelta(days=day, hours=5) for day in days]
    values = _first(setting, owner, moments[0], dice)
    chain = [values]
    for moment in moments[1:]:
        values = {
            **values,
            "id": uuid.UUID(int=dice.getrandbits(128), version=4),
            "supersedes_id": values["id"],
            "recorded_at": moment,
            "quantity": values["quantity"] + dice.randint(1, 9),
            "status": dice.choice(
                [SubscriptionStatus.ACTIVE] * 9 + [SubscriptionStatus.EXPIRED]
            ),
        }
        chain.append(values)
    return chain


def _first(
    setting: Setting, owner: Owner, moment: datetime, dice: Random
) -> dict[str, Any]:
    channel = dice.choice(CHANNELS)
    term = Term.P3Y if channel == Channel.VOLUME else Term.P1Y
    started = moment - timedelta(days=dice.randrange(5, TERM_MONTHS[term] * 30))
    sold = dice.choice(setting.sellers[0].sold)
    return {
        "id": uuid.UUID(int=dice.getrandbits(128), version=4),
        "customer_id": owner.customer_id,
        "channel": channel,
        "product_name": sold.steps[0].offer.product.title,
        "quantity": dice.choice(SEATS),
        "status": SubscriptionStatus.ACTIVE,
        "term": term,
        "billing_plan": dice.choice([BillingPlan.MONTHLY, BillingPlan.ANNUAL]),
        "started_at": started,
        "commitment_ends_at": add_months(started, TERM_MONTHS[term]),
        "auto_renews": dice.random() < 0.7,
        "external_id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "recorded_at": moment,
        "supersedes_id": None,
        "friendly_name": "",
        **_partner_of_record(setting.advisors, channel, dice),
    }


def _partner_of_record(
    advisors: tuple[Partner, ...], channel: Channel, dice: Random
) -> dict[str, Any]:
    if channel != Channel.ADVISOR:
        return {"partner_of_record_id": None, "por_name": "", "por_mpn_id": ""}
    advisor = dice.choice(advisors)
    return {
        "partner_of_record_id": advisor.pk,
        "por_name": advisor.name,
        "por_mpn_id": advisor.mpn_id,
    }


def _tell(log: Log, by: By, values: dict[str, Any]) -> None:
    earlier = values["supersedes_id"]
    log.tell(
        Operation.RECORD_OBSERVATION,
        (Subscription, values["id"]),
        at=values["recorded_at"],
        by=by,
        new={
            "channel": str(values["channel"]),
            "supersedes": str(earlier) if earlier else None,
        },
    )


def _retract(
    rows: Rows, log: Log, by: By, at: datetime, values: dict[str, Any]
) -> None:
    assert by.user is not None  # the operator
    retraction = rows.add(
        ObservationRetraction,
        subscription_id=values["id"],
        actor_id=by.user.pk,
        reason="Recorded for another customer.",
        at=at,
    )
    log.tell(
        Operation.RETRACT_OBSERVATION,
        (Subscription, values["id"]),
        at=at,
        by=by,
        reason=retraction["reason"],
    )


def current_at(observations: list[dict[str, Any]], moment: datetime) -> list[Any]:
    """What is known at that moment and superseded by nothing known then."""
    known = [values for values in observations if values["recorded_at"] <= moment]
    superseded = {values["supersedes_id"] for values in known}
    return [values for values in known if values["id"] not in superseded]
