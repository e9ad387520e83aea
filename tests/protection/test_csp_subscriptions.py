import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from portal.foundation import clock
from relationships.protection import NO_TRANSITION, POR_UNTOUCHED
from subscriptions.models import CspSubscription, SeatEntry, Subscription
from subscriptions.protection import (
    CSP_KEPT,
    CSP_NEEDS_RELATIONSHIP,
    SEATS_BY_ENTRIES,
)
from subscriptions.services import lifecycle

from .. import stories
from ..factories import AdvisorFactory, PartnerFactory
from . import attacks, rows

pytestmark = pytest.mark.django_db


def another_relationship():
    return stories.relationship(stories.staff(), stories.tenant())


CHANGES = {
    "channel": (lambda: {"channel": "direct"}, NO_TRANSITION),
    "customer": (
        lambda: {"customer": another_relationship().customer},
        NO_TRANSITION,
    ),
    "relationship": (lambda: {"relationship": another_relationship()}, NO_TRANSITION),
    "no_relationship": (lambda: {"relationship": None}, NO_TRANSITION),
    "por": (lambda: {"partner_of_record": AdvisorFactory()}, POR_UNTOUCHED),
    "por_name": (lambda: {"por_name": "Another"}, POR_UNTOUCHED),
    "por_mpn_id": (lambda: {"por_mpn_id": "1234567"}, POR_UNTOUCHED),
}
WORDED = [attack for attack in attacks.WORDED_CHANGES if attack not in attacks.INSERTS]
RAW = [attack for attack in attacks.RAW_CHANGES if attack not in attacks.INSERTS]


@pytest.mark.parametrize("attack", WORDED, ids=attacks.names(WORDED))
def test_csp_subscription_stays_where_it_is_when_changed_by_model(csp, attack):
    for values, rule in CHANGES.values():
        row, new = Subscription.objects.get(pk=csp.pk), values()
        with rows.unchanged(csp), rows.refused_in_words(rule):
            attack(row, new)


@pytest.mark.parametrize("attack", RAW, ids=attacks.names(RAW))
def test_csp_subscription_stays_where_it_is_when_changed_past_model(csp, attack):
    for values, rule in CHANGES.values():
        row, new = Subscription.objects.get(pk=csp.pk), values()
        with rows.unchanged(csp), rows.refused_by_guard(rule):
            attack(row, new)


INSERTS = [
    attack
    for attack in [*attacks.WORDED_CHANGES, *attacks.RAW_CHANGES]
    if attack in attacks.INSERTS
]


@pytest.mark.parametrize("attack", INSERTS, ids=attacks.names(INSERTS))
def test_csp_subscription_stays_where_it_is_when_inserted_over(csp, attack):
    for values, _rule in CHANGES.values():
        row, new = Subscription.objects.get(pk=csp.pk), values()
        refusal = pytest.raises((ValidationError, IntegrityError))
        with rows.unchanged(csp), refusal, transaction.atomic():
            attack(row, new)


@pytest.mark.parametrize(
    "attack", attacks.WORDED_DELETIONS, ids=attacks.names(attacks.WORDED_DELETIONS)
)
def test_csp_subscription_stays_when_deleted_by_model(csp, attack):
    with rows.unchanged(csp), rows.refused_in_words(CSP_KEPT):
        attack(CspSubscription.objects.get())


@pytest.mark.parametrize("attack", [attacks.base_manager_delete, attacks.sql_delete])
def test_csp_subscription_stays_when_deleted_past_model(csp, attack):
    with rows.unchanged(csp), rows.refused_by_guard(CSP_KEPT):
        attack(csp)


def test_csp_subscription_stays_when_its_relationship_is_handed_over(csp, sales):
    other = PartnerFactory()
    relationship = csp.relationship
    with rows.unchanged(csp, relationship), rows.refused_in_words(NO_TRANSITION):
        attacks.save(relationship, {"partner": other})
    with rows.unchanged(csp, relationship), rows.refused_by_guard(NO_TRANSITION):
        attacks.sql_update(relationship, {"partner": other})
    assert Subscription.objects.get(pk=csp.pk).seller == sales.partner


def test_csp_subscription_is_refused_when_its_customer_is_not_the_relationships(csp):
    columns = rows.copied(csp, customer=stories.tenant().customer, quantity=0)
    with rows.unchanged(csp), rows.refused_by_guard(CSP_NEEDS_RELATIONSHIP):
        rows.insert(Subscription, columns)
    elsewhere = another_relationship()
    columns = rows.copied(csp, relationship=elsewhere, quantity=0)
    with rows.unchanged(csp), rows.refused_by_guard(CSP_NEEDS_RELATIONSHIP):
        rows.insert(Subscription, columns)


def test_csp_subscription_is_refused_in_words_when_the_model_makes_it(csp):
    new = Subscription.objects.get(pk=csp.pk)
    new.pk, new.quantity, new._state.adding = None, 0, True
    new.id = Subscription().id
    new.customer = stories.tenant().customer
    with rows.unchanged(csp), rows.refused_in_words(CSP_NEEDS_RELATIONSHIP):
        new.save(force_insert=True)
    with rows.unchanged(csp), rows.refused_in_words(CSP_NEEDS_RELATIONSHIP):
        Subscription.objects.bulk_create([new])


def test_csp_subscription_is_refused_when_it_starts_with_seats(csp):
    with rows.unchanged(csp), rows.refused_by_guard(SEATS_BY_ENTRIES):
        rows.insert(Subscription, rows.copied(csp, quantity=1))


def test_csp_subscription_is_refused_when_it_comes_with_a_partner_of_record(csp):
    for name in ("por", "por_name", "por_mpn_id"):
        columns = rows.copied(csp, quantity=0, **CHANGES[name][0]())
        with rows.unchanged(csp), rows.refused_by_database():
            rows.insert(Subscription, columns)


def test_seats_stay_when_changed_without_an_entry(csp):
    for attack in (attacks.save, attacks.queryset_update, attacks.bulk_update):
        with rows.unchanged(csp), rows.refused_in_words(SEATS_BY_ENTRIES):
            attack(csp, {"quantity": 6})
    with rows.unchanged(csp), rows.refused_by_guard(SEATS_BY_ENTRIES):
        attacks.sql_update(csp, {"quantity": 6})
    assert rows.stored(csp)["quantity"] == 5


def test_seats_follow_the_entries_when_one_is_added(csp):
    entry = csp.seat_entries.get()
    columns = rows.copied(entry, change=3)
    rows.insert(SeatEntry, columns)
    assert rows.stored(csp)["quantity"] == 8
    columns = rows.copied(entry, change=-2, reduces=entry)
    rows.insert(SeatEntry, columns)
    assert rows.stored(csp)["quantity"] == 6


def test_seats_stay_when_entries_would_take_more_than_there_is(csp):
    entry = csp.seat_entries.get()
    with rows.unchanged(csp, entry), rows.refused_by_database():
        rows.insert(SeatEntry, rows.copied(entry, change=-6, reduces=entry))


def test_existing_subscription_stays_when_a_seat_entry_names_it(csp, advised):
    entry = csp.seat_entries.get()
    with rows.unchanged(advised, entry), rows.refused_by_database():
        rows.insert(SeatEntry, rows.copied(entry, subscription=advised))


def test_managed_columns_change_when_the_partner_has_its_relationship(csp, sales):
    lifecycle.rename(csp, actor=sales, friendly_name="Mail of the office")
    assert rows.stored(csp)["friendly_name"] == "Mail of the office"
    lifecycle.suspend(csp, actor=sales)
    lifecycle.reactivate(csp, actor=sales)
    assert rows.stored(csp)["status"] == "active"
    assert csp.recorded_at <= clock.now()
