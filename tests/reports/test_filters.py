"""Each filter of each report, among rows that differ in all that can be filtered."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from portal.foundation import clock
from portal.reports.all import REPORTS
from portal.reports.queries import FIELDS, PERIOD, FilterForm
from relationships.actors import Actor
from relationships.enums import Operation
from subscriptions.models import Product
from subscriptions.services import renewals
from tests import stories
from tests.factories import CustomerFactory, OfferFactory

from .asking import ask

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOUGHT = NOW - timedelta(days=350)  # a renewal to decide, within a year


@dataclass
class Side:
    """A partner's sales agent, who has `customers` alike; a filter's value takes it."""

    agent: Actor
    country: str
    channel: str
    product: Product

    def value(self, name):
        return {
            "partner": self.agent.partner.pk,
            "staff": self.agent.user.pk,
            "owner": self.agent.user.pk,
            "country": self.country,
            "channel": self.channel,
            "product": self.product.pk,
        }[name]


def live(country, channel, *, customers):
    agent, offer = stories.staff(), OfferFactory()
    for _number in range(customers):
        admin = stories.tenant(CustomerFactory(country=country))
        title = offer.product.title
        stories.observation(admin.customer, channel=channel, product_name=title)
        stories.relationship(agent, admin)
        stories.csp_subscription(agent, admin.customer, offer)
    return Side(agent, country, channel, offer.product)


@pytest.fixture
def sides():
    """The first has one customer, the second has two."""
    with clock.at(BOUGHT):
        sides = live("DE", "advisor", customers=1), live("FR", "direct", customers=2)
    with clock.at(NOW):
        renewals.ask(digest=0)
        yield sides


def created(result):
    return sum(
        row["count"]
        for row in result.rows
        if row["operation"] == Operation.CREATE_INVITATION
    )


# How many customers each report tells of, in its own figures.
COUNTED = {
    "invitations": lambda result: result.totals[0]["created"],
    "relationships": lambda result: result.totals[0]["won"],
    "coexistence": lambda result: result.totals[0]["other_seats"] / 25,
    "renewals": lambda result: result.totals[0]["count"],
    "value": lambda result: result.rows[0]["day_11"] / 5,
    "integrity": lambda result: len(result.rows),
    "activity": created,
}
CASES = [
    (slug, name)
    for slug, report in REPORTS.items()
    for name in report.filters
    if name not in PERIOD
]


@pytest.mark.parametrize(("slug", "name"), CASES)
def test_filter_leaves_the_other_side_out(sides, slug, name):
    operator, shown = stories.operator(), {"value": {"show": "seats"}}.get(slug, {})

    def counted(**filters):
        return COUNTED[slug](ask(slug, operator, **shown, **filters))

    one, two = (counted(**{name: side.value(name)}) for side in sides)
    assert (one, two, counted()) == (1, 2, 3)


@pytest.mark.parametrize("slug", [slug for slug, name in CASES if name == "staff"])
def test_staff_filter_offers_colleagues_alone(sides, slug):
    own, other = sides
    result = ask(slug, own.agent, staff=other.agent.user.pk)
    assert COUNTED[slug](result) == 1  # a value that is not offered counts as none


def test_every_filter_is_tried():
    assert {name for _slug, name in CASES} == set(FIELDS) - set(PERIOD)


def test_filters_are_told_in_words(sides):
    own, _other = sides
    given = {"country": "DE", "owner": own.agent.user.pk, "within": "7"}
    form = FilterForm(given, report=REPORTS["renewals"], actor=stories.operator())
    assert dict(form.query().words) == {
        "Partner": "All partners",
        "Product": "All products",
        "Country": "DE",
        "Owner": own.agent.user.full_name,
        "Decide within": "7 days",
        "If nobody acts": "All",
    }
    period = {"first": "2026-01-05", "last": "2026-02-03"}
    form = FilterForm(period, report=REPORTS["relationships"], actor=own.agent)
    assert dict(form.query().words)["Period"] == "5 January 2026 to 3 February 2026"
