import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from portal.foundation.guards import broken_rule
from subscriptions.models import Subscription
from subscriptions.protection import SUPERSEDES_ITS_OWN

from .. import stories
from ..factories import AdvisorFactory, CustomerFactory
from . import rows

pytestmark = pytest.mark.django_db

# What the newer observation may not have otherwise than the one that it supersedes.
DIFFERENCES = {
    "customer": lambda: {"customer": CustomerFactory()},
    "channel": lambda: {"channel": "direct"},
    "external_id": lambda: {"external_id": "elsewhere-2"},
    "no_external_id": lambda: {"external_id": None},
    "por": lambda: {"partner_of_record": AdvisorFactory()},
    "no_por": lambda: {"partner_of_record": None},
    "por_name": lambda: {"por_name": "Another"},
    "no_por_name": lambda: {"por_name": ""},
    "por_mpn_id": lambda: {"por_mpn_id": "1234567"},
    "no_por_mpn_id": lambda: {"por_mpn_id": ""},
}
POR = [name for name in DIFFERENCES if "por" in name]
REASON = {"por_correction_reason": "The customer's letter of 1 March"}


def newer(row, **values):
    """The columns of an observation that supersedes `row`, and the object to save."""
    fresh = Subscription.objects.get(pk=row.pk)
    fresh.pk, fresh._state.adding = uuid.uuid4(), True
    for name, value in {"supersedes": row, **values}.items():
        setattr(fresh, name, value)
    columns = rows.copied(row, **{"supersedes": row, **values})
    return columns, fresh


def test_observation_is_refused_when_it_supersedes_what_differs(subtests, advised):
    for name, difference in DIFFERENCES.items():
        columns, fresh = newer(advised, **difference())
        with subtests.test(difference=name):
            with rows.unchanged(advised), rows.refused_by_guard(SUPERSEDES_ITS_OWN):
                rows.insert(Subscription, columns)
            with rows.unchanged(advised), rows.refused_in_words(SUPERSEDES_ITS_OWN):
                fresh.save(force_insert=True)
            with rows.unchanged(advised), rows.refused_in_words(SUPERSEDES_ITS_OWN):
                Subscription.objects.bulk_create([fresh])


@pytest.mark.parametrize("name", ["external_id", "por", "por_name", "por_mpn_id"])
def test_observation_is_refused_when_it_says_what_the_first_left_open(bare, name):
    columns, _fresh = newer(bare, **DIFFERENCES[name]())
    with rows.unchanged(bare), rows.refused_by_guard(SUPERSEDES_ITS_OWN):
        rows.insert(Subscription, columns)


@pytest.mark.parametrize("name", POR)
def test_partner_of_record_is_corrected_when_there_is_a_reason(advised, name):
    before = rows.stored(advised)
    _columns, fresh = newer(advised, **DIFFERENCES[name](), **REASON)
    fresh.save(force_insert=True)
    assert rows.stored(advised) == before
    assert Subscription.objects.get(supersedes=advised) == fresh


@pytest.mark.parametrize("name", ["customer", "channel", "external_id"])
def test_reason_excuses_nothing_else_when_the_partner_of_record_is_corrected(
    advised, name
):
    columns, _fresh = newer(advised, **DIFFERENCES[name](), **REASON)
    with rows.unchanged(advised), rows.refused_by_guard(SUPERSEDES_ITS_OWN):
        rows.insert(Subscription, columns)


def test_csp_subscription_is_never_superseded(csp, advised):
    as_existing = {
        "channel": "direct",
        "relationship": None,
        "offer": None,
        "quantity": 9,
    }
    for values in (as_existing, {"quantity": 0}):
        columns, _fresh = newer(csp, **values)
        with rows.unchanged(csp), rows.refused_by_database():
            rows.insert(Subscription, columns)
    columns = rows.copied(csp, supersedes=advised, quantity=0)
    with rows.unchanged(csp, advised), rows.refused_by_database():
        rows.insert(Subscription, columns)


def test_observation_is_refused_when_it_supersedes_itself_or_nothing_known(advised):
    own = uuid.uuid4()
    for supersedes in (own, uuid.uuid4()):
        columns = rows.copied(advised, id=own, supersedes=supersedes)
        with rows.unchanged(advised), rows.refused_by_guard(SUPERSEDES_ITS_OWN):
            rows.insert(Subscription, columns)


def test_second_successor_is_refused_so_that_the_chain_is_linear(
    advised, statement, customer
):
    stories.observation(customer, **statement | {"quantity": 30})
    columns, fresh = newer(advised, quantity=31)
    with (
        rows.unchanged(advised),
        pytest.raises(IntegrityError) as caught,
        transaction.atomic(),
    ):
        rows.insert(Subscription, columns)
    assert broken_rule(caught.value) is None
    with rows.unchanged(advised), pytest.raises(ValidationError) as caught:
        fresh.save(force_insert=True)
    assert "supersedes" in caught.value.error_dict


def test_second_first_observation_is_refused_when_the_id_is_known(advised):
    columns = rows.copied(advised)
    with rows.unchanged(advised), rows.refused_by_database():
        rows.insert(Subscription, columns)


def test_observation_is_superseded_when_neither_has_a_partner_of_record(customer):
    first = stories.observation(customer, external_id="elsewhere-3")
    later = stories.observation(customer, external_id="elsewhere-3", quantity=30)
    assert later.supersedes == first
    columns = rows.copied(later, supersedes=later)
    rows.insert(Subscription, columns)
    assert customer.subscriptions.current().get().supersedes == later


def test_observations_come_in_when_nothing_speaks_against_them(
    advised, relationship, customer
):
    for channel in ("advisor", "direct", "volume"):
        stories.observation(customer, channel=channel)
    assert customer.subscriptions.existing().count() == 4
