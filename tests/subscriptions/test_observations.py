import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from portal.foundation import clock
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord
from relationships.services.partners import correct_partner
from subscriptions.models import ObservationRetraction, Subscription
from subscriptions.services.observations import (
    Statement,
    record_observation,
    retract_observation,
)

from .. import stories
from ..factories import AdvisorFactory, CustomerFactory
from ..relationships.support import DAY, NOON, denied, operations, refused, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def customer():
    return CustomerFactory()


@pytest.fixture
def operator():
    return stories.operator()


@pytest.fixture
def advisor():
    return AdvisorFactory(name="Northwind", mpn_id="6000001")


def say(customer, actor, **values):
    statement = Statement(
        **{
            "channel": "direct",
            "product_name": "Office 365 E3",
            "quantity": 25,
            "external_id": "A-1",
            **values,
        }
    )
    return record_observation(customer, actor=actor, statement=statement)


def stored(observation):
    return Subscription.objects.values().get(pk=observation.pk)


def recorded_por(observation):
    row = Subscription.objects.get(pk=observation.pk)
    return row.partner_of_record, row.por_name, row.por_mpn_id


# Recorded, repeated, superseded


def test_observation_is_recorded_as_stated(customer, operator):
    with operations() as told:
        made = say(
            customer,
            operator,
            channel="volume",
            product_name=" Office 365 E3 ",
            term="P3Y",
            billing_plan="annual",
            started_at=NOON - DAY,
            commitment_ends_at=NOON + DAY,
            auto_renews=False,
            status="suspended",
            friendly_name="HQ",
        )
    row = Subscription.objects.get(pk=made.pk)
    assert (row.customer, row.channel, row.quantity) == (customer, "volume", 25)
    assert (row.product_name, row.friendly_name) == ("Office 365 E3", "HQ")
    assert (row.term, row.billing_plan, row.status) == ("P3Y", "annual", "suspended")
    assert (row.started_at, row.commitment_ends_at) == (NOON - DAY, NOON + DAY)
    assert (row.auto_renews, row.recorded_at) == (False, NOON)
    assert row.relationship is row.offer is row.supersedes is None
    assert not row.stated_by_customer
    assert row.seller is None
    assert told == [Operation.RECORD_OBSERVATION]
    assert ActivityRecord.objects.latest("pk").new_value == {
        "channel": "volume",
        "supersedes": None,
    }


def test_customers_own_statement_is_marked(customer):
    admin = stories.tenant(customer, "billing_administrator")
    assert say(customer, admin).stated_by_customer


@pytest.mark.parametrize("external_id", ["A-1", " A-1 ", "", None])
def test_repeated_statement_changes_nothing(customer, operator, external_id):
    first = say(customer, operator, external_id=external_id)
    with clock.at(NOON + DAY), unchanged():
        again = say(
            customer, operator, external_id=external_id, product_name="Office 365 E3 "
        )
    assert again == first


def test_statements_without_an_id_are_two_when_they_differ(customer, operator):
    say(customer, operator, external_id=None)
    say(customer, operator, external_id=None, quantity=26)
    say(CustomerFactory(), operator, external_id=None)
    assert customer.subscriptions.current().count() == 2


def test_newer_statement_supersedes_and_the_old_row_stays(customer, operator):
    first = say(customer, operator)
    before = stored(first)
    with clock.at(NOON + DAY):
        second = say(customer, operator, quantity=30)
        third = say(customer, operator, quantity=25)
    assert (second.supersedes, third.supersedes) == (first, second)
    assert stored(first) == before
    assert list(customer.subscriptions.current()) == [third]
    assert customer.subscriptions.existing().count() == 3
    assert ActivityRecord.objects.latest("pk").new_value["supersedes"] == str(second.pk)


def test_same_id_of_another_channel_or_customer_is_another_subscription(
    customer, operator
):
    first = say(customer, operator)
    others = [
        say(customer, operator, channel="advisor"),
        say(CustomerFactory(), operator),
    ]
    assert all(other.supersedes is None for other in others)
    assert Subscription.objects.current().filter(pk=first.pk).exists()


def test_statement_after_a_retraction_is_a_new_observation(customer, operator):
    first = say(customer, operator)
    retract_observation(first, actor=operator, reason="A wrong file.")
    assert not customer.subscriptions.current().exists()
    again = say(customer, operator)
    assert again.supersedes == first
    assert list(customer.subscriptions.current()) == [again]


def test_statement_without_an_id_is_told_anew_after_a_retraction(customer, operator):
    first = say(customer, operator, external_id=None)
    retract_observation(first, actor=operator, reason="A wrong file.")
    again = say(customer, operator, external_id=None)
    assert again != first
    assert again.supersedes is None


# What is not said

TOLD = {
    "status": "suspended",
    "term": "P1Y",
    "billing_plan": "annual",
    "started_at": NOON - DAY,
    "commitment_ends_at": NOON + DAY,
    "auto_renews": True,
    "friendly_name": "HQ",
}


def told(observation):
    return Subscription.objects.values(*TOLD).get(pk=observation.pk)


def test_statement_leaves_what_it_does_not_say_as_it_is_recorded(customer, operator):
    first = say(customer, operator, **TOLD)
    second = say(customer, operator, quantity=30)
    assert (second.supersedes, second.quantity) == (first, 30)
    assert told(second) == TOLD


@pytest.mark.parametrize("nothing", [{}, {"term": " ", "friendly_name": ""}])
def test_shorter_statement_changes_nothing_when_it_says_nothing_else(
    customer, operator, nothing
):
    first = say(customer, operator, por_mpn_id="7777777", **TOLD)
    with unchanged():
        assert say(customer, operator, **nothing) == first


@pytest.mark.parametrize("name", TOLD)
def test_statement_supersedes_by_each_thing_that_it_says(customer, operator, name):
    said = dict(TOLD, auto_renews=False, status="expired", term="P1M")
    said |= {"billing_plan": "monthly", "friendly_name": "Branch"}
    said |= {"started_at": NOON, "commitment_ends_at": NOON}
    first = say(customer, operator, **TOLD)
    second = say(customer, operator, **{name: said[name]})
    assert second.supersedes == first
    assert told(second) == {**TOLD, name: said[name]}


def test_shorter_statement_without_an_id_is_the_recorded_one(customer, operator):
    AdvisorFactory(mpn_id="6000001")
    first = say(customer, operator, external_id=None, por_mpn_id="6000001", **TOLD)
    with unchanged():
        assert say(customer, operator, external_id=None) == first
    other = say(customer, operator, external_id=None, term="P3Y")
    assert (other.status, other.term, other.friendly_name) == ("active", "P3Y", "")
    assert (other.commitment_ends_at, other.por_mpn_id) == (None, "")


def test_nothing_is_carried_from_what_was_retracted_but_its_partner(customer, operator):
    first = say(customer, operator, por_name="Northwind", **TOLD)
    retract_observation(first, actor=operator, reason="A wrong file.")
    second = say(customer, operator)
    assert (second.status, second.term, second.auto_renews) == ("active", "", None)
    assert second.por_name == "Northwind"


# Refused


@pytest.mark.parametrize("channel", ["csp", "retail", ""])
def test_csp_is_not_observed_nor_an_unknown_channel(customer, operator, channel):
    with refused("channel"):
        say(customer, operator, channel=channel)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("product_name", " "),
        ("product_name", "x" * 201),
        ("quantity", -1),
        ("status", "lost"),
        ("term", "P2Y"),
        ("billing_plan", "daily"),
    ],
)
def test_statement_is_refused_by_the_field_that_cannot_be(
    customer, operator, field, value
):
    with unchanged(), pytest.raises(ValidationError) as caught:
        say(customer, operator, **{field: value})
    assert set(caught.value.error_dict) == {field}


def test_tenant_records_for_itself_alone(customer):
    stranger = stories.tenant()
    with denied(PermissionDenied):
        say(customer, stranger)


def test_staff_records_nothing(customer):
    agent = stories.staff(role="admin_agent")
    stories.relationship(agent, stories.tenant(customer))
    with denied(PermissionDenied):
        say(customer, agent)


# The Partner of Record


def test_partner_of_record_is_recorded_by_its_mpn_id(customer, operator, advisor):
    made = say(customer, operator, por_mpn_id="6000001")
    assert recorded_por(made) == (advisor, "Northwind", "6000001")
    assert made.partner_of_record_text == "Northwind (MPN 6000001)"


def test_partner_of_record_keeps_the_name_as_stated(customer, operator, advisor):
    made = say(customer, operator, por_mpn_id="6000001", por_name="Northwind Ltd")
    assert recorded_por(made) == (advisor, "Northwind Ltd", "6000001")


@pytest.mark.parametrize(
    ("name", "mpn_id", "text"),
    [
        ("Nobody Inc", "7777777", "Nobody Inc (MPN 7777777)"),
        ("", "7777777", "MPN 7777777"),
        ("Nobody Inc", "", "Nobody Inc"),
        ("", "", ""),
    ],
)
def test_unknown_partner_of_record_is_recorded_as_stated(
    customer, operator, advisor, name, mpn_id, text
):
    made = say(customer, operator, por_mpn_id=mpn_id, por_name=name)
    assert recorded_por(made) == (None, name, mpn_id)
    assert made.partner_of_record_text == text


def rename_advisor(advisor, operator):
    correct_partner(
        advisor,
        actor=operator,
        reason="It was bought.",
        name="Southwind",
        mpn_id="6000002",
    )


@pytest.mark.parametrize(
    ("name", "mpn_id"),
    [
        ("", "6000001"),
        ("", "6000002"),
        ("Anybody", "6000001"),
        ("", ""),
        ("northwind", ""),
        ("Southwind", ""),
    ],
)
def test_partner_of_record_is_carried_as_recorded_though_the_advisor_changed(
    customer, operator, advisor, name, mpn_id
):
    first = say(customer, operator, por_mpn_id="6000001")
    rename_advisor(advisor, operator)
    second = say(customer, operator, quantity=30, por_name=name, por_mpn_id=mpn_id)
    assert second.supersedes == first
    assert recorded_por(first) == recorded_por(second)
    assert second.partner_of_record_text == "Northwind (MPN 6000001)"


@pytest.mark.parametrize(
    ("name", "mpn_id"),
    [("", "6000009"), ("Northwind", "6000009"), ("Litware", "")],
)
def test_another_partner_of_record_is_refused(
    customer, operator, advisor, name, mpn_id
):
    say(customer, operator, por_mpn_id="6000001")
    with refused("por_untouched") as caught:
        say(customer, operator, quantity=30, por_name=name, por_mpn_id=mpn_id)
    assert "Northwind (MPN 6000001)" in caught.value.messages[0]


@pytest.mark.parametrize(("name", "mpn_id"), [("Northwind", ""), ("", "6000001")])
def test_partner_of_record_is_not_added_where_nobody_was(
    customer, operator, advisor, name, mpn_id
):
    say(customer, operator)
    with refused("por_untouched") as caught:
        say(customer, operator, quantity=30, por_name=name, por_mpn_id=mpn_id)
    assert "the recorded nobody" in caught.value.messages[0]


# Retracted


def test_retraction_hides_the_row_and_deletes_nothing(customer, operator):
    observation = say(customer, operator)
    before = stored(observation)
    with clock.at(NOON + DAY), operations() as told:
        retraction = retract_observation(
            observation, actor=operator, reason=" A wrong file. "
        )
    assert stored(observation) == before
    assert not customer.subscriptions.current().exists()
    row = ObservationRetraction.objects.get(pk=retraction.pk)
    assert (row.actor, row.at) == (operator.user, NOON + DAY)
    assert row.reason == "A wrong file."
    assert str(row) == "Office 365 E3: A wrong file."
    assert told == [Operation.RETRACT_OBSERVATION]
    assert ActivityRecord.objects.latest("pk").reason == "A wrong file."


def test_retraction_takes_a_reason(customer, operator):
    observation = say(customer, operator)
    with refused("reason"):
        retract_observation(observation, actor=operator, reason=" ")


def test_observation_is_retracted_once_though_the_caller_read_it_before(
    customer, operator
):
    observation = say(customer, operator)
    old = Subscription.objects.get(pk=observation.pk)
    assert not hasattr(old, "retraction")
    retract_observation(observation, actor=operator, reason="x")
    with denied(TransitionNotAllowed):
        retract_observation(old, actor=operator, reason="x")


def test_superseded_observation_is_not_retracted(customer, operator):
    first = say(customer, operator)
    say(customer, operator, quantity=30)
    with denied(TransitionNotAllowed):
        retract_observation(first, actor=operator, reason="x")


def test_csp_subscription_is_not_retracted(operator):
    sales, admin = stories.staff(), stories.tenant()
    stories.relationship(sales, admin)
    subscription = stories.csp_subscription(sales, admin.customer)
    with denied(TransitionNotAllowed):
        retract_observation(subscription, actor=operator, reason="x")


# Before and after a relationship


def test_other_channels_stay_open_before_and_after_a_relationship(customer, operator):
    say(customer, operator)
    relationship = stories.relationship(stories.staff(), stories.tenant(customer))
    say(customer, operator, external_id="A-2")
    assert customer.subscriptions.existing().count() == 2
    assert relationship.existing_count == 1
