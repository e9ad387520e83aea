import pytest

from relationships.protection import NO_TRANSITION, POR_UNTOUCHED
from subscriptions.models import ExistingSubscription, Subscription
from subscriptions.protection import EXISTING_UNTOUCHED

from .. import stories
from ..factories import AdvisorFactory, CustomerFactory
from . import attacks, rows

pytestmark = pytest.mark.django_db

CHANGES = {
    "nothing": (dict, EXISTING_UNTOUCHED),
    "seats": (lambda: {"quantity": 99}, EXISTING_UNTOUCHED),
    "status": (lambda: {"status": "suspended"}, EXISTING_UNTOUCHED),
    "name": (lambda: {"friendly_name": "Mine now"}, EXISTING_UNTOUCHED),
    "channel": (lambda: {"channel": "volume"}, NO_TRANSITION),
    "channel_and_seats": (
        lambda: {"channel": "volume", "quantity": 99},
        NO_TRANSITION,
    ),
    "customer": (lambda: {"customer": CustomerFactory()}, NO_TRANSITION),
    "por": (lambda: {"partner_of_record": AdvisorFactory()}, POR_UNTOUCHED),
    "por_cleared": (lambda: {"partner_of_record": None}, POR_UNTOUCHED),
    "por_name": (lambda: {"por_name": "Another"}, POR_UNTOUCHED),
    "por_mpn_id": (lambda: {"por_mpn_id": "1234567"}, POR_UNTOUCHED),
}


def each_change(subscription):
    """Every change in turn: its name, the row as it is stored, new values, the rule."""
    for name, (values, rule) in CHANGES.items():
        yield name, Subscription.objects.get(pk=subscription.pk), values(), rule


@pytest.mark.parametrize(
    "attack", attacks.WORDED_CHANGES, ids=attacks.names(attacks.WORDED_CHANGES)
)
def test_existing_subscription_stays_when_changed_by_model(subtests, advised, attack):
    for name, row, values, rule in each_change(advised):
        with (
            subtests.test(change=name),
            rows.unchanged(row),
            rows.refused_in_words(rule),
        ):
            attack(row, values)


@pytest.mark.parametrize(
    "attack", attacks.RAW_CHANGES, ids=attacks.names(attacks.RAW_CHANGES)
)
def test_existing_subscription_stays_when_changed_past_model(subtests, advised, attack):
    replaces = attack is attacks.insert_or_replace  # refused as a deletion
    for name, row, values, rule in each_change(advised):
        with (
            subtests.test(change=name),
            rows.unchanged(row),
            rows.refused_by_guard(EXISTING_UNTOUCHED if replaces else rule),
        ):
            attack(row, values)


@pytest.mark.parametrize("channel", ["direct", "volume"])
def test_existing_subscription_of_each_channel_stays_when_changed(customer, channel):
    row = stories.observation(customer, channel=channel)
    with rows.unchanged(row), rows.refused_in_words(EXISTING_UNTOUCHED):
        attacks.save(row, {"quantity": 99})
    with rows.unchanged(row), rows.refused_by_guard(EXISTING_UNTOUCHED):
        attacks.sql_update(row, {"quantity": 99})


def test_existing_subscription_stays_when_inserted_over_by_what_it_is_called(advised):
    newcomer = rows.copied(advised, quantity=99)
    over = (
        "ON CONFLICT (customer_id, channel, external_id) "
        "WHERE NOT (channel = 'csp') AND external_id IS NOT NULL "
        "AND supersedes_id IS NULL "
        "DO UPDATE SET quantity = excluded.quantity"
    )
    with rows.unchanged(advised), rows.refused_by_guard(EXISTING_UNTOUCHED):
        rows.insert(Subscription, newcomer, then=over)


def test_successor_stays_when_inserted_over_by_another_one(
    advised, statement, customer
):
    later = stories.observation(customer, **statement | {"quantity": 30})
    newcomer = rows.copied(later, quantity=99)
    over = "ON CONFLICT (supersedes_id) DO UPDATE SET quantity = excluded.quantity"
    with rows.unchanged(later), rows.refused_by_guard(EXISTING_UNTOUCHED):
        rows.insert(Subscription, newcomer, then=over)


def test_existing_subscription_stays_when_an_insert_over_it_does_nothing(advised):
    newcomer = rows.stored(advised) | {"quantity": 99}
    with rows.unchanged(advised):
        rows.insert(Subscription, newcomer, then="ON CONFLICT DO NOTHING")


@pytest.fixture
def disguise(csp):
    """What an existing row would need to pass for a CSP one."""
    return {
        "channel": "csp",
        "relationship": csp.relationship,
        "offer": csp.offer,
        "partner_of_record": None,
        "por_name": "",
        "por_mpn_id": "",
        "external_id": None,
    }


@pytest.mark.parametrize("attack", [attacks.save, attacks.queryset_update])
def test_existing_subscription_stays_when_turned_into_csp(advised, attack, disguise):
    with rows.unchanged(advised), rows.refused_in_words(NO_TRANSITION):
        attack(advised, disguise)


def test_refusal_is_the_rules_own_when_the_row_would_be_wrong_otherwise_too(advised):
    with rows.unchanged(advised), rows.refused_in_words(NO_TRANSITION):
        attacks.save(advised, {"channel": "csp"})


def test_existing_subscription_stays_when_turned_into_csp_by_sql(advised, disguise):
    with rows.unchanged(advised), rows.refused_by_guard(NO_TRANSITION):
        attacks.sql_update(advised, disguise)


def test_existing_subscription_stays_when_its_object_says_csp(advised, disguise):
    for name, value in disguise.items():
        setattr(advised, name, value)
    with rows.unchanged(advised), rows.refused_in_words(NO_TRANSITION):
        advised.save(update_fields=["quantity"])
    with rows.unchanged(advised), rows.refused_in_words(EXISTING_UNTOUCHED):
        advised.delete()


def test_existing_subscription_stays_when_changed_through_its_proxy(advised):
    proxy = ExistingSubscription.objects.get(pk=advised.pk)
    with rows.unchanged(advised), rows.refused_in_words(EXISTING_UNTOUCHED):
        attacks.save(proxy, {"quantity": 99})
    with rows.unchanged(advised), rows.refused_in_words(EXISTING_UNTOUCHED):
        attacks.queryset_update(proxy, {"quantity": 99})


def test_other_rows_stay_too_when_one_bulk_update_meets_an_existing_one(advised, csp):
    csp.friendly_name = advised.friendly_name = "One name for both"
    with rows.unchanged(advised), rows.refused_in_words(EXISTING_UNTOUCHED):
        Subscription.objects.bulk_update([csp, advised], ["friendly_name"])
