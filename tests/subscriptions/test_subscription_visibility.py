"""Whose subscriptions an actor sees, and what little it is told of the others."""

import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.services.relationships import end_relationship
from subscriptions.models import (
    CspSubscription,
    ExistingSubscription,
    ObservationRetraction,
    Order,
    OrderLine,
    SeatEntry,
    StatusEntry,
    Subscription,
    SubscriptionTerm,
)
from subscriptions.services.lifecycle import suspend
from subscriptions.services.observations import retract_observation

from .. import stories
from ..factories import AdvisorFactory, CustomerFactory, PartnerFactory
from ..relationships.support import DAY, NOON

pytestmark = pytest.mark.django_db

OF_A_SUBSCRIPTION = [SubscriptionTerm, SeatEntry, StatusEntry, OrderLine]


class World:
    """A customer with rows of every channel, first Fabrikam's and then Litware's."""

    def __init__(self) -> None:
        self.fabrikam = stories.staff(PartnerFactory(), "admin_agent")
        self.litware = stories.staff(PartnerFactory(), "admin_agent")
        self.northwind = stories.staff(AdvisorFactory(), "admin_agent")
        self.customer = CustomerFactory()
        self.admin = stories.tenant(self.customer)
        self.direct = stories.observation(self.customer, channel="direct")
        self.volume = stories.observation(self.customer, channel="volume")
        self.advised = stories.observation(
            self.customer,
            channel="advisor",
            por_mpn_id=self.northwind.partner.mpn_id,
        )
        self.existing = {self.direct, self.volume, self.advised}

    def sell(self, actor, quantity=5):
        stories.relationship(actor, self.admin)
        return stories.csp_subscription(actor, self.customer, quantity=quantity)

    def pass_on(self):
        """Fabrikam's subscription, suspended, and Litware's after it."""
        first = self.sell(self.fabrikam, 5)
        suspend(first, actor=self.fabrikam)
        with clock.at(NOON + DAY):
            end_relationship(
                self.customer.active_relationship, actor=self.fabrikam, reason="x"
            )
            return first, self.sell(self.litware, 7)


@pytest.fixture
def world():
    with clock.at(NOON):
        yield World()


def sees(actor, model=Subscription):
    return set(model.objects.visible_to(actor))


def test_partner_sees_all_channels_while_the_relationship_is_active(world):
    own = world.sell(world.fabrikam)
    assert sees(world.fabrikam) == {own, *world.existing}
    assert {row.pk for row in sees(world.fabrikam, CspSubscription)} == {own.pk}
    assert {row.pk for row in sees(world.fabrikam, ExistingSubscription)} == {
        row.pk for row in world.existing
    }


def test_partner_sees_nothing_before_acceptance(world):
    stories.signed_in_invitation(world.fabrikam, world.admin)
    assert sees(world.fabrikam) == set()


def test_former_partner_sees_its_own_csp_rows_alone(world):
    first, _ = world.pass_on()
    assert sees(world.fabrikam) == {first}


def test_next_partner_sees_existing_rows_and_its_own_and_not_the_former_ones(world):
    _, second = world.pass_on()
    assert sees(world.litware) == {second, *world.existing}


@pytest.mark.parametrize("model", [*OF_A_SUBSCRIPTION, Order])
def test_prices_orders_and_history_show_to_their_own_partner_alone(world, model):
    first, second = world.pass_on()
    for actor, own in ((world.fabrikam, first), (world.litware, second)):
        rows = sees(actor, model)
        assert rows
        for row in rows:
            subscriptions = (
                {line.subscription for line in row.lines.all()}
                if model is Order
                else {row.subscription}
            )
            assert subscriptions == {own}


def test_of_another_partners_rows_count_and_seats_are_told_and_no_more(world):
    world.pass_on()
    told = world.customer.subscriptions.of_other_partners(world.litware.partner)
    assert told == {"count": 1, "seats": 5}
    told = world.customer.subscriptions.of_other_partners(world.northwind.partner)
    assert told == {"count": 2, "seats": 12}


def test_of_other_partners_nothing_is_told_when_there_is_nothing(world):
    world.sell(world.fabrikam)
    told = world.customer.subscriptions.of_other_partners(world.fabrikam.partner)
    assert told == {"count": 0, "seats": 0}


def test_advisor_sees_the_rows_where_it_is_partner_of_record(world):
    world.sell(world.fabrikam)
    other = stories.observation(
        CustomerFactory(), por_mpn_id=world.northwind.partner.mpn_id
    )
    assert sees(world.northwind) == {world.advised, other}
    for model in (*OF_A_SUBSCRIPTION, Order):
        assert sees(world.northwind, model) == set()


def test_partner_that_advised_too_keeps_the_advised_rows_after_the_end():
    with clock.at(NOON):
        agent = stories.staff(PartnerFactory(is_advisor=True), "admin_agent")
        admin = stories.tenant()
        advised = stories.observation(
            admin.customer, channel="advisor", por_mpn_id=agent.partner.mpn_id
        )
        direct = stories.observation(admin.customer)
        relationship = stories.relationship(agent, admin)
        assert sees(agent) == {advised, direct}
        end_relationship(relationship, actor=agent, reason="x")
        assert sees(agent) == {advised}


def test_retracted_row_shows_no_more_to_the_advisor_that_it_named(world):
    operator = stories.operator()
    retract_observation(world.advised, actor=operator, reason="x")
    assert sees(world.northwind) == set()
    assert sees(world.northwind, ObservationRetraction) == set()
    world.sell(world.fabrikam)
    assert len(sees(world.fabrikam, ObservationRetraction)) == 1
    assert len(sees(world.admin, ObservationRetraction)) == 1


def test_tenant_sees_its_own_rows_of_every_channel_and_partner(world):
    rows = set(world.pass_on())
    assert sees(world.admin) == rows | world.existing
    stranger = stories.tenant()
    for model in (Subscription, *OF_A_SUBSCRIPTION, Order):
        assert sees(world.admin, model) == set(model.objects.all())
        assert sees(stranger, model) == set()


@pytest.mark.parametrize("model", [Subscription, *OF_A_SUBSCRIPTION, Order])
def test_operator_sees_everything_and_a_visitor_nothing(world, model):
    world.pass_on()
    assert sees(stories.operator(), model) == set(model.objects.all())
    assert sees(Actor.visitor(), model) == set()


def test_current_is_what_is_not_deleted_superseded_or_retracted(world):
    own = world.sell(world.fabrikam)
    newer = stories.observation(
        world.customer, external_id=world.direct.external_id, quantity=99
    )
    retract_observation(world.volume, actor=stories.operator(), reason="x")
    assert set(world.customer.subscriptions.current()) == {own, newer, world.advised}
    suspend(own, actor=world.fabrikam)
    assert set(world.customer.subscriptions.active()) == {
        world.direct,
        newer,
        world.volume,
        world.advised,
    }


def test_subscription_belongs_to_its_seller_and_its_customer(world):
    own = world.sell(world.fabrikam)
    assert own.belongs_to(world.fabrikam)
    assert own.belongs_to(world.admin)
    assert not own.belongs_to(world.litware)
    for actor in (world.fabrikam, world.admin, stories.operator()):
        assert not world.direct.belongs_to(actor)


def test_subscription_knows_its_page_in_the_back_office(world):
    own = world.sell(world.fabrikam)
    assert own.get_absolute_url().endswith(f"cspsubscription/{own.pk}/change/")
    url = world.direct.get_absolute_url()
    assert url.endswith(f"existingsubscription/{world.direct.pk}/change/")
