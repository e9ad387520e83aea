"""SQLite has no guards during a migration; PostgreSQL keeps them on."""

import pytest
from django.db import IntegrityError

from portal.foundation import guards
from subscriptions.protection import EXISTING_UNTOUCHED

from . import rows

pytestmark = pytest.mark.django_db(transaction=True)


def test_plain_fill_of_a_guarded_table_is_refused(advised, migrate):
    with rows.unchanged(advised), pytest.raises(IntegrityError) as caught:
        migrate("plain_fill")
    assert guards.broken_rule(caught.value) == EXISTING_UNTOUCHED
