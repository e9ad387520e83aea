"""The front page's tiles say what the reports say that they lead to."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.foundation import clock
from relationships.services.relationships import end_relationship
from subscriptions.enums import Channel
from subscriptions.services import lifecycle
from tests import stories
from tests.admin.office import desk
from tests.factories import OfferFactory

from .asking import ask, total

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def agent():
    """Of a partner beside another one, with something gone, and something old."""
    offer = OfferFactory(term="P1Y", billing_plan="annual", unit_price="100.00")
    with clock.at(NOW - timedelta(days=70)):
        agent, admin = stories.staff(role="admin_agent"), stories.tenant()
        lost = stories.relationship(agent, stories.tenant())
        stories.observation(admin.customer, quantity=11)
        stories.relationship(agent, admin)
        kept = stories.csp_subscription(agent, admin.customer, offer, 7)
        gone = stories.csp_subscription(agent, admin.customer, offer)
        lifecycle.suspend(kept, actor=agent)
        other, theirs = stories.staff(), stories.tenant()
        stories.relationship(other, theirs)
        stories.csp_subscription(other, theirs.customer, offer)
    with clock.at(NOW - timedelta(days=69)):
        lifecycle.cancel(gone, actor=agent)
        end_relationship(lost, actor=agent, reason="They moved")
    with clock.at(NOW):
        stories.invitation(agent)
        yield agent


def test_tiles_say_what_their_reports_say(agent):
    shown = desk(agent).get("/admin/").context["tiles"]
    seats = total("coexistence", agent, show="seats")
    value = ask("value", agent)
    money = value.columns[-1].value(value.rows[0])
    assert {tile.title: tile.value for tile in shown} == {
        "Open invitations": str(total("invitations", agent)["open"]),
        "Active relationships": str(total("relationships", agent)["after"]),
        "Seats by channel": str(sum(seats[channel] for channel in Channel.values)),
        "Monthly list value": f"USD {round(money)}",
    }
    assert [tile.value for tile in shown] == ["1", "1", "18", "USD 58"]
    assert ask("value", agent, show="seats").rows[0]["day_11"] == seats["csp"] == 7
