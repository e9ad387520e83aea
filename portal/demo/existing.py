"""What customers have from other channels: first imported, then stated anew.

A renewal or another number of seats is the channel's own statement, and so a new
observation on the day after.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from random import Random
from uuid import UUID

from subscriptions.calendar import add_months
from subscriptions.enums import (
    TERM_MONTHS,
    BillingPlan,
    Channel,
    SubscriptionStatus,
    Term,
)
from subscriptions.services.observations import (
    Statement,
    record_observation,
    retract_observation,
)

from . import companies
from .timeline import Calendar, Story
from .world import World

# Customer -> since when the portal knows (days ago), and one letter a subscription:
# n, p, o: Advisor, with Nebelhafen, Papierkran or Oakwren as Partner of Record
# x: Advisor, with a Partner of Record that is not in the portal
# d: bought directly from Microsoft    v: volume licensing
EXISTING = {
    # Scenario A: the partner that asks is the Advisor of what is there already.
    "brunnenhof": (545, "nnnddv"),
    "tannberg": (510, "nnndv"),
    "krugmann": (470, "nndd"),
    "enzianhof": (262, "nnnd"),
    # Scenario B: bought directly.
    "seidelwerk": (425, "dddd"),
    "lindenau": (362, "ddddd"),
    "hafenkante": (312, "dddvvv"),
    "silverpine": (530, "dddd"),
    "mapleforge": (384, "dddddv"),
    # All sorts.
    "clairval": (143, "ppddvvv"),
    "zonnewende": (84, "pppdd"),
    "moorfeld": (118, "ppddd"),
    "copperwick": (522, "oodd"),
    "larkmead": (446, "oood"),
    "montbrun": (334, "xxddvv"),
    "tulpenburg": (230, "odddd"),
    "fennimore": (101, "oooodd"),
    "zinnober": (345, "pdddd"),
    "lavandiere": (452, "oddd"),
    "wolfsmilch": (160, "ppddd"),
    "oldbarrow": (128, "ooodvv"),
    "rochefleur": (96, "xdddd"),
    "steinadler": (75, "ppdddv"),
    "polderlicht": (60, "ddddd"),
    "cedarline": (30, "ddddvv"),
    "quarzhaus": (25, "nnppddd"),
    "oosterwind": (24, "oodddv"),
    "harborglass": (22, "dddddd"),
    "tidewell": (28, "ooodd"),
    "murtal": (27, "pppddd"),
    "verdoyer": (34, "nndddv"),
    "hautbois": (40, "xxddd"),
    "feldlerche": (55, "npdddv"),
    "rotdorn": (50, "ppdddd"),
    "grachtenhuis": (45, "oddddv"),
}
ADVISORS = {
    "n": companies.NEBELHAFEN,
    "p": companies.PAPIERKRAN,
    "o": companies.OAKWREN,
}
ELSEWHERE = ("Zweigstern Systemhaus GmbH", "9990099")  # the letter x

PRODUCTS = [
    "Office 365 E1",
    "Office 365 E3",
    "Microsoft 365 Business Standard",
    "Microsoft 365 Business Premium",
    "Microsoft 365 Apps for business",
    "Microsoft 365 E3",
    "Exchange Online Plan 1",
    "Exchange Online Plan 2",
    "Power BI Pro",
    "Visio Plan 2",
    "Microsoft Entra ID P1",
    "Enterprise Mobility + Security E3",
    "Windows 10/11 Enterprise E3",
    "OneDrive for Business Plan 2",
    "SharePoint Plan 1",
]
# One in so many: bought by the month, seats changed, not renewed at its end.
MONTHLY, SEATS_CHANGED, LAPSED = 3, 5, 6


def existing_subscriptions(world: World, key: str) -> Story:
    """Everything that the operator imports about one customer, day by day."""
    since, letters = EXISTING[key]
    dice, calendar = world.dice("existing", key), world.calendar
    products = dice.sample(PRODUCTS, len(letters))
    statements = [
        (days_ago, statement)
        for letter, product in zip(letters, products, strict=True)
        for days_ago, statement in _chain(calendar, since, letter, product, dice)
    ]
    statements.sort(key=lambda pair: -pair[0])
    for days_ago, imported in groupby(statements, key=lambda pair: pair[0]):
        yield calendar.morning(days_ago)
        for _day, statement in imported:
            record_observation(
                world.customer(key), actor=world.operator, statement=statement
            )


def _chain(
    calendar: Calendar, since: int, letter: str, product: str, dice: Random
) -> Iterator[tuple[int, Statement]]:
    """The statements about one subscription, each with the day it is imported."""
    statement = _first_statement(calendar, since, letter, product, dice)
    yield since, statement
    busier = dice.randrange(1, since) if dice.randrange(SEATS_CHANGED) == 0 else 0
    for days_ago in range(since - 1, 0, -1):
        end = statement.commitment_ends_at
        if days_ago == busier and statement.status == SubscriptionStatus.ACTIVE:
            more = statement.quantity + dice.randrange(1, 12)
            statement = replace(statement, quantity=more)
            yield days_ago, statement
        elif end is not None and end < calendar.midnight(days_ago):
            if statement.status != SubscriptionStatus.ACTIVE:
                return
            statement = _after_its_end(statement, dice)
            yield days_ago, statement


def _after_its_end(statement: Statement, dice: Random) -> Statement:
    if dice.randrange(LAPSED) == 0:
        expired = SubscriptionStatus.EXPIRED
        return replace(statement, status=expired, auto_renews=False)
    assert statement.commitment_ends_at is not None  # it has just passed
    months = TERM_MONTHS[Term(statement.term)]
    next_end = add_months(statement.commitment_ends_at, months)
    return replace(statement, commitment_ends_at=next_end)


def _first_statement(
    calendar: Calendar, since: int, letter: str, product: str, dice: Random
) -> Statement:
    por_name, por_mpn_id = _partner_of_record(letter)
    statement = Statement(
        channel=_channel(letter),
        product_name=product,
        status=SubscriptionStatus.ACTIVE,
        quantity=dice.choice([8, 12, 15, 20, 25, 40, 60, 85, 120, 250]),
        external_id=str(UUID(int=dice.getrandbits(128), version=4)),
        por_name=por_name,
        por_mpn_id=por_mpn_id,
    )
    if letter == "v":
        return _with_term(statement, calendar, since, Term.P3Y, dice)
    if dice.randrange(MONTHLY) == 0:
        started = calendar.midnight(since + dice.randrange(10, 700))
        return replace(
            statement,
            term=Term.P1M,
            billing_plan=BillingPlan.MONTHLY,
            started_at=started,
            auto_renews=True,
        )
    return _with_term(statement, calendar, since, Term.P1Y, dice)


def _with_term(
    statement: Statement, calendar: Calendar, since: int, term: Term, dice: Random
) -> Statement:
    """In the middle of a term on the day it becomes known."""
    months = TERM_MONTHS[term]
    longest = months * 30 - min(since, months * 15)
    current = calendar.midnight(since + dice.randrange(5, longest))
    earlier = dice.randrange(2) * months  # a term that was over before
    return replace(
        statement,
        term=term,
        billing_plan=dice.choice([BillingPlan.MONTHLY, BillingPlan.ANNUAL]),
        started_at=add_months(current, -earlier),
        commitment_ends_at=add_months(current, months),
        auto_renews=True,
    )


def _channel(letter: str) -> Channel:
    return {"d": Channel.DIRECT, "v": Channel.VOLUME}.get(letter, Channel.ADVISOR)


def _partner_of_record(letter: str) -> tuple[str, str]:
    """Name and MPN ID; both empty outside the Advisor channel."""
    if letter in ADVISORS:
        row = companies.PARTNERS[ADVISORS[letter]]
        return row.name, row.mpn_id
    return ELSEWHERE if letter == "x" else ("", "")


def bought_later(world: World, key: str, days_ago: int) -> Story:
    """Other channels stay open: bought directly while the relationship is active."""
    dice = world.dice("later", key)
    yield world.calendar.morning(days_ago)
    statement = _first_statement(
        world.calendar, days_ago, "d", dice.choice(PRODUCTS), dice
    )
    bought = world.calendar.midnight(days_ago + 3)
    record_observation(
        world.customer(key),
        actor=world.operator,
        statement=replace(
            statement,
            term=Term.P1Y,
            billing_plan=BillingPlan.ANNUAL,
            started_at=bought,
            commitment_ends_at=add_months(bought, 12),
        ),
    )


def wrong_import(world: World, key: str, days_ago: int) -> Story:
    """Another tenant's subscription, recorded by mistake and taken back."""
    dice = world.dice("wrong", key)
    yield world.calendar.morning(days_ago)
    started = world.calendar.midnight(days_ago + 40)
    wrong = record_observation(
        world.customer(key),
        actor=world.operator,
        statement=Statement(
            channel=Channel.DIRECT,
            product_name="Microsoft 365 E5",
            quantity=900,
            term=Term.P1Y,
            billing_plan=BillingPlan.ANNUAL,
            started_at=started,
            commitment_ends_at=add_months(started, 12),
            external_id=str(UUID(int=dice.getrandbits(128), version=4)),
        ),
    )
    yield world.calendar.office_hours(days_ago - 4, dice)
    retract_observation(
        wrong,
        actor=world.operator,
        reason="The import file named the wrong tenant: this one is another company's.",
    )


def own_statement(calendar: Calendar, dice: Random) -> Statement:
    """What the portal does not know yet, as the customer adds it by the form."""
    started = calendar.midnight(dice.randrange(60, 300))
    return Statement(
        channel=Channel.DIRECT,
        product_name="Microsoft Teams Rooms Pro",
        quantity=dice.randrange(2, 9),
        term=Term.P1Y,
        billing_plan=BillingPlan.ANNUAL,
        started_at=started,
        commitment_ends_at=add_months(started, 12),
    )
