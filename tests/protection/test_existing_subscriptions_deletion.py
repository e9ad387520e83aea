import pytest
from django.db import IntegrityError
from django.db.models import ProtectedError

from subscriptions.models import ExistingSubscription, Subscription
from subscriptions.protection import EXISTING_UNTOUCHED

from . import attacks, rows

pytestmark = pytest.mark.django_db

WHAT_IT_HANGS_ON = {
    "customer": lambda csp: csp.customer,
    "partner": lambda csp: csp.relationship.partner,
    "offer": lambda csp: csp.offer,
    "relationship": lambda csp: csp.relationship,
}


@pytest.fixture(params=["advised", "bare"])
def row(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize(
    "attack", attacks.WORDED_DELETIONS, ids=attacks.names(attacks.WORDED_DELETIONS)
)
def test_existing_subscription_stays_when_deleted_by_model(row, attack):
    with rows.unchanged(row), rows.refused_in_words(EXISTING_UNTOUCHED):
        attack(row)


@pytest.mark.parametrize(
    "attack", attacks.RAW_DELETIONS, ids=attacks.names(attacks.RAW_DELETIONS)
)
def test_existing_subscription_stays_when_deleted_past_model(row, attack):
    with rows.unchanged(row), rows.refused_by_guard(EXISTING_UNTOUCHED):
        attack(row)


def test_existing_subscription_stays_when_deleted_through_proxy_or_customer(advised):
    proxy = ExistingSubscription.objects.get(pk=advised.pk)
    for delete in (proxy.delete, advised.customer.subscriptions.all().delete):
        with rows.unchanged(advised), rows.refused_in_words(EXISTING_UNTOUCHED):
            delete()


def test_all_subscriptions_stay_when_deleted_at_once(advised, bare, csp):
    with rows.unchanged(csp), rows.refused_by_guard(EXISTING_UNTOUCHED):
        rows.execute(f"DELETE FROM {rows.table(csp)} WHERE channel <> 'csp'")
    with rows.unchanged(csp), rows.refused_by_database():
        rows.execute(f"DELETE FROM {rows.table(csp)}")


@pytest.mark.parametrize("pick", WHAT_IT_HANGS_ON.values(), ids=WHAT_IT_HANGS_ON)
def test_subscriptions_stay_when_what_they_hang_on_is_deleted(advised, csp, pick):
    owner = pick(csp)
    with rows.unchanged(advised, owner), pytest.raises(ProtectedError):
        owner.delete()
    with rows.unchanged(advised, owner), pytest.raises(ProtectedError):
        type(owner).objects.filter(pk=owner.pk).delete()


def test_subscription_stays_when_its_partner_of_record_is_deleted(advised):
    advisor = advised.partner_of_record
    with rows.unchanged(advised, advisor), pytest.raises(ProtectedError):
        advisor.delete()


# Foreign keys are checked when a transaction commits, so this one has to.
@pytest.mark.django_db(transaction=True)
def test_subscriptions_stay_when_what_they_hang_on_is_deleted_by_sql(advised, csp):
    owners = [pick(csp) for pick in WHAT_IT_HANGS_ON.values()]
    for owner in [*owners, advised.partner_of_record]:
        with rows.unchanged(advised, owner), pytest.raises(IntegrityError):
            attacks.sql_delete(owner)
        with rows.unchanged(advised, owner), pytest.raises(IntegrityError):
            attacks.base_manager_delete(owner)
    assert Subscription.objects.count() == 2


def test_nothing_is_deleted_when_the_object_was_never_stored(advised):
    with rows.unchanged(advised):
        count, _by_model = Subscription(customer=advised.customer).delete()
    assert count == 0
