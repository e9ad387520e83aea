import pytest
from django.core.management import call_command
from django.db import connection

from portal.foundation import clock, guards
from relationships.protection import ENDED_ONCE, NO_TRANSITION
from subscriptions.models import SeatEntry, Subscription
from subscriptions.protection import EXISTING_UNTOUCHED

from .. import stories
from . import attacks, rows
from .extra_migrations import LAST

pytestmark = pytest.mark.django_db(transaction=True)


def assert_guarded(advised, csp):
    """Every guard is there, and those of each rebuilt table work."""
    assert guards.missing() == []
    with rows.unchanged(advised), rows.refused_by_guard(EXISTING_UNTOUCHED):
        rows.set_column(advised, "quantity", 99)
    with rows.unchanged(advised), rows.refused_by_guard(EXISTING_UNTOUCHED):
        attacks.sql_delete(advised)
    with rows.unchanged(csp), rows.refused_by_guard(NO_TRANSITION):
        attacks.sql_delete(csp.relationship)
    seats = rows.stored(csp)["quantity"]
    entry = csp.seat_entries.all()[0]
    rows.insert(SeatEntry, rows.copied(entry, change=2))
    assert rows.stored(csp)["quantity"] == seats + 2


def test_guards_are_back_when_their_tables_were_rebuilt(advised, csp, migrate):
    migrate("rebuilding")
    assert_guarded(advised, csp)
    migrate("rebuilding", LAST)
    assert_guarded(advised, csp)


def test_guards_wait_and_come_back_when_the_app_goes_and_comes(sales, admin):
    ending = stories.relationship(sales, stories.tenant())
    call_command("migrate", "subscriptions", "zero", verbosity=0)
    try:
        # One that reads what is not there could only make every write fail.
        assert rows.table(Subscription) not in connection.introspection.table_names()
        assert "relationship_not_ended_while_active" in guards.missing()
        rows.update(ending, ended_at=clock.now())
        with rows.unchanged(ending), rows.refused_by_guard(ENDED_ONCE):
            rows.update(ending, ended_at=None)
    finally:
        call_command("migrate", "subscriptions", verbosity=0)
    advised = stories.observation(admin.customer)
    stories.relationship(sales, admin)
    assert_guarded(advised, stories.csp_subscription(sales, admin.customer))


def test_guarded_fill_writes_and_the_guards_are_back(advised, csp, migrate):
    migrate("guarded_fill")
    assert rows.stored(advised)["friendly_name"] == "Forwards"
    assert_guarded(advised, csp)
    migrate("guarded_fill", LAST)
    assert rows.stored(advised)["friendly_name"] == "Backwards"
    assert_guarded(advised, csp)


def test_guards_are_back_when_a_guarded_fill_failed(advised, csp, migrate):
    with rows.unchanged(advised), pytest.raises(LookupError):
        migrate("failing_fill")
    assert_guarded(advised, csp)
