from functools import partial

import pytest
from django.db import transaction

from subscriptions.models import ImportedObservation, Subscription
from subscriptions.services.importing.recording import record_rows, start
from subscriptions.services.importing.retracting import retract_import

from .. import stories
from ..factories import CustomerFactory
from ..subscriptions.importing.support import imported, previewed, table
from .running import meanwhile, race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator():
    return stories.operator()


@pytest.fixture
def customer():
    return CustomerFactory()


def file(customer, seats=25):
    lines = [f"{customer.tenant_id},A-{n},Office,{seats},," for n in range(3)]
    return table(*lines)


def started(operator, customer, **values):
    run = previewed(operator, file(customer, **values))
    return start(run, actor=operator)


def records(run, operator):
    return partial(record_rows, run, actor=operator)


def assert_chains_are_linear(customer):
    rows = customer.subscriptions.all()
    assert rows.filter(supersedes=None).count() == 3
    assert rows.current().count() == 3


def test_same_file_is_recorded_once_when_two_record_it(operator, customer):
    runs = [started(operator, customer) for _number in range(2)]
    outcomes = race(*(records(run, operator) for run in runs))
    counts = [run.counts for run in outcomes]
    assert sorted(map(str, counts)) == ["{'new': 3}", "{'unchanged': 3}"]
    assert customer.subscriptions.count() == 3


def test_one_import_is_recorded_once_when_two_workers_have_it(operator, customer):
    run = started(operator, customer)
    outcomes = race(records(run, operator), records(run, operator))
    assert [outcome.counts for outcome in outcomes] == [{"new": 3}] * 2
    assert ImportedObservation.objects.count() == 3


def test_two_files_that_differ_supersede_one_after_the_other(operator, customer):
    imported(operator, file(customer))
    runs = [started(operator, customer, seats=seats) for seats in (26, 27)]
    outcomes = race(*(records(run, operator) for run in runs))
    assert [run.counts for run in outcomes] == [{"supersedes": 3}] * 2
    assert customer.subscriptions.count() == 9
    assert_chains_are_linear(customer)


def test_import_waits_for_a_statement_and_supersedes_it(operator, customer):
    run = started(operator, customer)
    with transaction.atomic():
        stated = stories.observation(customer, external_id="A-1", quantity=1)
        other = meanwhile(records(run, operator))
    assert other.result().counts == {"new": 2, "supersedes": 1}
    assert stated.superseded_by.quantity == 25
    assert_chains_are_linear(customer)


def test_import_waits_for_a_retraction_and_records_anew(operator, customer):
    first = imported(operator, file(customer))
    run = started(operator, customer)
    assert run.counts == {"unchanged": 3}
    with transaction.atomic():
        retract_import(first, actor=operator, reason="A wrong file.")
        other = meanwhile(records(run, operator))
    assert other.result().counts == {"supersedes": 3}
    assert Subscription.objects.current().count() == 3
    assert_chains_are_linear(customer)
