import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from portal.foundation import clock
from portal.foundation.bulk import insert_rows
from subscriptions.models import (
    ImportedObservation,
    ObservationRetraction,
    SeatEntry,
    Subscription,
)

from .. import stories
from ..factories import CustomerFactory
from ..subscriptions.importing.support import imported, table

pytestmark = pytest.mark.django_db


def test_rows_are_stored_as_the_orm_stores_them():
    operator, observation = stories.operator(), stories.observation(CustomerFactory())
    now = clock.now()
    names = ("subscription", "actor", "reason", "at")
    row = (observation.pk, operator.user.pk, "tab\t\\N\nä", now)
    insert_rows(ObservationRetraction, names, [row])
    assert ObservationRetraction.objects.values_list(*names).get() == row


def test_no_rows_are_inserted_when_there_are_none():
    insert_rows(ImportedObservation, ("subscription", "run"), [])
    assert not ImportedObservation.objects.exists()


def test_rows_that_ask_the_database_while_they_are_inserted_are_refused():
    operator, observation = stories.operator(), stories.observation(CustomerFactory())

    def rows():
        subscription = Subscription.objects.get(pk=observation.pk)
        yield subscription.pk, operator.user.pk, "x", clock.now()

    names = ("subscription", "actor", "reason", "at")
    with transaction.atomic(), pytest.raises(RuntimeError):
        insert_rows(ObservationRetraction, names, rows())
    assert not ObservationRetraction.objects.exists()


def test_guard_refuses_a_row_in_its_rules_words():
    sales, admin = stories.staff(), stories.tenant()
    stories.relationship(sales, admin)
    subscription = stories.csp_subscription(sales, admin.customer, quantity=5)
    entry = subscription.seat_entries.get()
    names = ("subscription", "change", "at", "reduces", "unit_price")
    row = (subscription.pk, -9, clock.now(), entry.pk, entry.unit_price)
    with pytest.raises(ValidationError) as caught:
        insert_rows(SeatEntry, names, [row])
    assert caught.value.code == "seats_not_reducible"
    assert SeatEntry.objects.get() == entry


def test_constraint_refuses_all_rows_of_a_call():
    operator, customer = stories.operator(), CustomerFactory()
    file = table("Office,1", header="Product,Seats")
    run = imported(operator, file, customer=customer)
    other = stories.observation(customer, external_id="B-1")
    linked = customer.subscriptions.get(imported__run=run)
    rows = [(other.pk, run.pk), (linked.pk, run.pk)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(ImportedObservation, ("subscription", "run"), rows)
    assert ImportedObservation.objects.get().subscription == linked
    assert uuid.UUID(str(linked.pk)) == linked.pk
