"""REPLACE deletes whatever stands in the way: only SQLite has it."""

import uuid

import pytest
from django.db import connection

from relationships.protection import (
    HISTORY_IS_APPEND_ONLY,
    NO_TRANSITION,
)
from subscriptions.protection import CSP_KEPT, EXISTING_UNTOUCHED

from .. import stories
from . import rows

pytestmark = pytest.mark.django_db

REPLACE = "INSERT OR REPLACE"


def test_delete_guards_see_what_replace_deletes_on_this_connection():
    assert rows.query("PRAGMA recursive_triggers") == [{"recursive_triggers": 1}]


def test_existing_subscription_stays_when_replaced_by_its_key(advised, bare):
    for row in (advised, bare):
        with rows.unchanged(row), rows.refused_by_guard(EXISTING_UNTOUCHED):
            rows.insert(type(row), rows.stored(row), verb=REPLACE)


def test_existing_subscription_stays_when_replaced_by_what_it_is_called(advised):
    newcomer = rows.copied(advised, quantity=99)
    with rows.unchanged(advised), rows.refused_by_guard(EXISTING_UNTOUCHED):
        rows.insert(type(advised), newcomer, verb=REPLACE)


def test_successor_stays_when_replaced_as_the_one_that_supersedes(
    advised, statement, customer
):
    later = stories.observation(customer, **statement | {"quantity": 30})
    assert later.supersedes == advised
    with rows.unchanged(later), rows.refused_by_guard(EXISTING_UNTOUCHED):
        rows.insert(type(later), rows.copied(later, quantity=99), verb=REPLACE)


def test_existing_subscription_stays_when_its_place_in_the_file_is_taken(advised):
    newcomer = rows.copied(advised, external_id="elsewhere-2")
    (place,) = rows.query(
        f"SELECT rowid FROM {rows.table(advised)} WHERE id = %s", rows.key(advised)
    )
    with rows.unchanged(advised), rows.refused_by_guard(EXISTING_UNTOUCHED):
        rows.insert(type(advised), newcomer | place, verb=REPLACE)


def test_existing_subscription_stays_when_insert_is_ignored(advised):
    newcomer = rows.stored(advised) | {"quantity": 99}
    with rows.unchanged(advised):
        rows.insert(type(advised), newcomer, verb="INSERT OR IGNORE")


def test_csp_subscription_stays_when_replaced(csp):
    columns = rows.stored(csp) | {"quantity": 0}
    with rows.unchanged(csp), rows.refused_by_guard(CSP_KEPT):
        rows.insert(type(csp), columns, verb=REPLACE)


def test_relationship_stays_when_replaced(relationship):
    invited = stories.relationship(stories.staff(), stories.tenant())
    invitation = stories.invitation(stories.staff())
    by_customer = rows.copied(relationship, invitation=invitation)
    by_invitation = rows.copied(relationship, customer=invited.customer)
    for columns in (rows.stored(relationship), by_customer, by_invitation):
        with rows.unchanged(relationship), rows.refused_by_guard(NO_TRANSITION):
            rows.insert(type(relationship), columns, verb=REPLACE)


def test_history_stays_when_replaced(csp):
    for row in (csp.terms.get(), csp.seat_entries.get(), csp.status_entries.get()):
        with rows.unchanged(row), rows.refused_by_guard(HISTORY_IS_APPEND_ONLY):
            rows.insert(type(row), rows.stored(row), verb=REPLACE)


def test_order_stays_when_replaced_by_its_request_key(csp):
    order = csp.order_line.order
    columns = rows.copied(order, id=uuid.uuid4())
    assert connection.vendor == "sqlite"
    with rows.unchanged(order), rows.refused_by_guard(HISTORY_IS_APPEND_ONLY):
        rows.insert(type(order), columns, verb=REPLACE)
