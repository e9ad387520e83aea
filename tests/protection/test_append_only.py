import pytest
from django.db.models import ProtectedError

from portal.foundation import guards
from relationships.models import ActivityRecord, TenantSignIn
from relationships.protection import HISTORY_IS_APPEND_ONLY
from subscriptions.models import (
    ImportedObservation,
    ObservationRetraction,
    Order,
    OrderLine,
    SeatEntry,
    StatusEntry,
    SubscriptionTerm,
)
from subscriptions.services.observations import retract_observation

from .. import stories
from ..subscriptions.importing.support import imported, table
from . import attacks, rows

pytestmark = pytest.mark.django_db

HISTORY = [
    ActivityRecord,
    ImportedObservation,
    ObservationRetraction,
    Order,
    OrderLine,
    SeatEntry,
    StatusEntry,
    SubscriptionTerm,
    TenantSignIn,
]


@pytest.fixture
def history(bare, csp):
    operator = stories.operator()
    retract_observation(bare, actor=operator, reason="A wrong import.")
    file = table("Office 365 E3,25", header="Product,Seats")
    imported(operator, file, customer=bare.customer)
    return [model.objects.all()[0] for model in HISTORY]


def test_guards_know_every_table_of_history():
    tables = {
        trigger.table
        for trigger in guards.registered()
        if isinstance(trigger, guards.Guard) and trigger.rule == HISTORY_IS_APPEND_ONLY
    }
    assert tables == {rows.table(model) for model in HISTORY}


@pytest.mark.parametrize(
    "attack", attacks.WORDED_CHANGES, ids=attacks.names(attacks.WORDED_CHANGES)
)
def test_history_stays_when_changed_by_model(history, attack):
    for row in history:
        with rows.unchanged(row), rows.refused_in_words(HISTORY_IS_APPEND_ONLY):
            attack(row, {})


@pytest.mark.parametrize(
    "attack", attacks.RAW_CHANGES, ids=attacks.names(attacks.RAW_CHANGES)
)
def test_history_stays_when_changed_past_model(history, attack):
    for row in history:
        with rows.unchanged(row), rows.refused_by_guard(HISTORY_IS_APPEND_ONLY):
            attack(row, {})


def test_every_column_of_history_stays_when_set_to_null(history):
    for row in history:
        for field in row._meta.concrete_fields:
            with rows.unchanged(row), rows.refused_by_database():
                rows.set_column(row, field.column, None)


@pytest.mark.parametrize(
    "attack", attacks.WORDED_DELETIONS, ids=attacks.names(attacks.WORDED_DELETIONS)
)
def test_history_stays_when_deleted_by_model(history, attack):
    for row in history:
        if row in held_by_others(history) and attack is not attacks.raw_queryset_delete:
            refusal = pytest.raises(ProtectedError)
        else:
            refusal = rows.refused_in_words(HISTORY_IS_APPEND_ONLY)
        with rows.unchanged(row), refusal:
            attack(row)


def held_by_others(history):
    """An order is kept by its lines before its guard is asked."""
    return [row for row in history if isinstance(row, Order)]


@pytest.mark.parametrize("attack", attacks.RAW_DELETIONS[1:])
def test_history_stays_when_deleted_past_model(history, attack):
    for row in history:
        with rows.unchanged(row), rows.refused_by_guard(HISTORY_IS_APPEND_ONLY):
            attack(row)


def test_history_stays_when_its_whole_table_is_emptied(history):
    for row in history:
        with rows.unchanged(row), rows.refused_by_guard(HISTORY_IS_APPEND_ONLY):
            rows.execute(f"DELETE FROM {rows.table(row)}")
        with rows.unchanged(row), rows.refused_in_words(HISTORY_IS_APPEND_ONLY):
            type(row).objects.all()._raw_delete("default")
