import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Value

from portal.foundation import clock
from portal.foundation.bulk import insert_rows, insert_selected
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


# What a query selects


def selected(**values):
    """A copy of an observation, but for these values."""
    names = [field.name for field in Subscription._meta.concrete_fields]
    return {**{name: name for name in names}, "id": Value(uuid.uuid4()), **values}


def test_selected_rows_are_stored_as_they_are():
    customer, now = CustomerFactory(), clock.now()
    known = stories.observation(customer, started_at=now, term="P1Y", auto_renews=True)
    values = selected(external_id=Value("B-1"), quantity=F("quantity") + 1)
    assert insert_selected(Subscription, values, customer.subscriptions.all()) == 1
    before, after = customer.subscriptions.order_by("quantity").values()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"id", "external_id", "quantity"}
    assert (after["quantity"], before["id"]) == (known.quantity + 1, known.pk)


def test_nothing_is_inserted_when_nothing_is_selected():
    rows = Subscription.objects.filter(quantity=0)
    assert insert_selected(Subscription, selected(), rows) == 0
    assert not Subscription.objects.exists()


def test_guard_refuses_a_selected_row_in_its_rules_words():
    customer = CustomerFactory()
    known = stories.observation(customer)
    values = selected(external_id=Value("B-1"), supersedes="pk")
    with pytest.raises(ValidationError) as caught:
        insert_selected(Subscription, values, customer.subscriptions.all())
    assert caught.value.code == "supersedes_its_own"
    assert customer.subscriptions.get() == known


def test_constraint_refuses_all_selected_rows():
    customer = CustomerFactory()
    rows = {stories.observation(customer), stories.observation(customer)}
    values = selected(external_id=Value("B-1"))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_selected(Subscription, values, customer.subscriptions.all())
    assert set(customer.subscriptions.all()) == rows
