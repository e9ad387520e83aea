import json

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import IntegrityError

from portal.foundation import guards
from relationships.protection import HISTORY_IS_APPEND_ONLY
from subscriptions.models import Product, Subscription
from subscriptions.protection import CSP_NEEDS_RELATIONSHIP, EXISTING_UNTOUCHED

from . import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(tmp_path):
    """Load a fixture of these rows, one column of the last one changed."""

    def load_rows(*objects, **changes):
        fixture = json.loads(serializers.serialize("json", objects))
        fixture[-1]["fields"] |= changes
        file = tmp_path / "rows.json"
        file.write_text(json.dumps(fixture))
        call_command("loaddata", file, verbosity=0)

    return load_rows


@pytest.mark.parametrize(
    "changes", [{}, {"quantity": 99}], ids=["identical", "changed"]
)
def test_fixture_is_refused_when_it_has_an_existing_subscription(
    advised, load, changes
):
    newcomer = Product(pk=4711, product_id="NEW", sku_id="1", title="New")
    with rows.unchanged(advised), pytest.raises(IntegrityError) as caught:
        load(newcomer, advised, **changes)
    assert guards.broken_rule(caught.value) == EXISTING_UNTOUCHED
    assert not Product.objects.filter(pk=4711).exists()


def test_fixture_is_refused_when_it_has_history(csp, load):
    entry = csp.seat_entries.get()
    with rows.unchanged(csp, entry), pytest.raises(IntegrityError) as caught:
        load(entry)
    assert guards.broken_rule(caught.value) == HISTORY_IS_APPEND_ONLY


def test_fixture_is_refused_when_it_has_a_subscription_of_an_ended_relationship(
    ended, load
):
    with rows.unchanged(ended), pytest.raises(IntegrityError) as caught:
        load(Subscription.objects.get(pk=ended.pk))
    assert guards.broken_rule(caught.value) == CSP_NEEDS_RELATIONSHIP
