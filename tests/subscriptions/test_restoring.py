"""What a wrong observation superseded holds again once that is retracted."""

import pytest

from portal.foundation import clock
from relationships.models import ActivityRecord
from subscriptions.models import PorCase, Subscription
from subscriptions.services.importing.retracting import retract_import
from subscriptions.services.observations import (
    Statement,
    record_observation,
    retract_observation,
)
from subscriptions.services.por_cases import record_por_case
from subscriptions.services.restoring import AT_ONCE

from .. import stories
from ..factories import AdvisorFactory, CustomerFactory
from ..relationships.support import DAY, NOON
from .importing.support import imported, table

pytestmark = pytest.mark.django_db

SAID = (
    *("customer_id", "channel", "product_name", "quantity", "status", "term"),
    *("started_at", "commitment_ends_at", "auto_renews", "external_id"),
    *("partner_of_record_id", "por_name", "por_mpn_id", "stated_by_customer"),
)


@pytest.fixture
def operator():
    return stories.operator()


@pytest.fixture
def customer():
    return CustomerFactory()


def say(customer, actor, quantity, **values):
    statement = Statement(
        **{
            "channel": "direct",
            "product_name": "Office",
            "quantity": quantity,
            "external_id": "A-1",
            **values,
        }
    )
    return record_observation(customer, actor=actor, statement=statement)


def file(customer, *ids, seats=99, partner=""):
    lines = [f"{customer.tenant_id},{each},Office,{seats},,{partner}" for each in ids]
    return table(*lines)


def words(*rows):
    return [Subscription.objects.values_list(*SAID).get(pk=row.pk) for row in rows]


def test_earlier_word_holds_again_as_a_row_of_its_own(customer, operator):
    AdvisorFactory(mpn_id="6000001")
    tenant = stories.tenant(customer)
    with clock.at(NOON):
        first = say(customer, tenant, 5, term="P1Y", por_mpn_id="6000001")
        wrong = say(customer, operator, 6, por_mpn_id="6000001")
    before = list(Subscription.objects.order_by("pk").values())
    with clock.at(NOON + DAY):
        retract_observation(wrong, actor=operator, reason="A wrong file.")
    again = customer.subscriptions.current().get()
    assert again not in (first, wrong)
    assert words(again) == words(first)
    assert (again.supersedes, again.recorded_at) == (wrong, NOON + DAY)
    assert again.por_correction_reason == ""
    kept = Subscription.objects.exclude(pk=again.pk).order_by("pk").values()
    assert list(kept) == before
    assert ActivityRecord.objects.latest("pk").new_value == {"restored": 1}


def test_nothing_holds_again_when_that_is_not_wanted(customer, operator):
    say(customer, operator, 5)
    wrong = say(customer, operator, 6)
    retract_observation(wrong, actor=operator, reason="x", restores=False)
    assert not customer.subscriptions.current().exists()
    assert ActivityRecord.objects.latest("pk").new_value == {"restored": 0}


def test_retracted_word_is_no_earlier_one(customer, operator):
    first = say(customer, operator, 5)
    for quantity in (6, 7):
        wrong = say(customer, operator, quantity)
        retract_observation(wrong, actor=operator, reason="x", restores=False)
    last = say(customer, operator, 8)
    retract_observation(last, actor=operator, reason="x")
    assert words(customer.subscriptions.current().get()) == words(first)


def test_nothing_holds_again_when_all_before_was_wrong(customer, operator):
    for quantity in (5, 6):
        wrong = say(customer, operator, quantity)
        retract_observation(wrong, actor=operator, reason="x")
    assert not customer.subscriptions.current().exists()
    assert Subscription.objects.count() == 2


def test_recorded_partner_is_back_with_the_reason_when_a_case_was_wrong(
    customer, operator
):
    first = say(customer, operator, 5, por_name="Northwind", por_mpn_id="6000001")
    imported(operator, file(customer, "A-1", partner="Lamna"))
    record_por_case(PorCase.objects.get(), actor=operator, reason="In a letter.")
    wrong = customer.subscriptions.current().get()
    assert wrong.por_name == "Lamna"
    retract_observation(wrong, actor=operator, reason="Not their letter.")
    again = customer.subscriptions.current().get()
    assert words(again) == words(first)
    assert again.por_correction_reason == "Not their letter."


def test_whole_import_gives_way_to_what_it_superseded(customer, operator):
    ids = [f"A-{number}" for number in range(AT_ONCE + 1)]
    imported(operator, file(customer, *ids, seats=5))
    run = imported(operator, file(customer, *ids, "B-1", seats=6))
    assert retract_import(run, actor=operator, reason="x") == AT_ONCE + 2
    current = customer.subscriptions.current()
    assert set(current.values_list("external_id", "quantity")) == {
        (each, 5) for each in ids
    }
    told = ActivityRecord.objects.get(operation="retract_observation", customer=None)
    assert told.new_value == {"retracted": AT_ONCE + 2, "restored": AT_ONCE + 1}


def test_whole_import_leaves_nothing_when_that_is_wanted(customer, operator):
    imported(operator, file(customer, "A-1", seats=5))
    run = imported(operator, file(customer, "A-1"))
    retract_import(run, actor=operator, reason="x", restores=False)
    assert not customer.subscriptions.current().exists()
