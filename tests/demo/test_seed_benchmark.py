import itertools
from collections import Counter
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F, Q, Sum
from django.test import override_settings

from portal.accounts.models import User
from portal.demo.benchmark.filling import MODELS
from portal.foundation import clock, guards
from relationships.actors import Actor
from relationships.enums import InvitationStatus, RelationshipOrigin
from relationships.models import (
    ActivityRecord,
    Customer,
    Invitation,
    OutgoingEmail,
    Partner,
    ResellerRelationship,
)
from subscriptions.calendar import add_months
from subscriptions.enums import SUBSCRIPTION_TRANSITIONS, Channel, SubscriptionStatus
from subscriptions.models import (
    ObservationRetraction,
    ScheduledChange,
    SeatEntry,
    Subscription,
    SubscriptionTerm,
)
from subscriptions.services import clock as moving

from ..relationships.support import unchanged
from .conftest import rows

CUSTOMERS, SUBSCRIPTIONS = 240, 1200

# With `--dist loadgroup`, one process writes them and the others need not.
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("filled"),
    pytest.mark.xdist_group("benchmark"),
]


def seed(customers: int = CUSTOMERS, subscriptions: int = SUBSCRIPTIONS) -> str:
    output, size = StringIO(), [f"--customers={customers}"]
    size += [f"--subscriptions={subscriptions}"]
    call_command("seed_benchmark", *size, stdout=output)
    return output.getvalue()


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker) -> Iterator[str]:
    """Written once; the tests look at it and leave it so."""
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(DEBUG=True):
            output = seed()
        yield output
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _debug(settings) -> None:
    settings.DEBUG = True


def midnight():
    return clock.now().replace(hour=0, minute=0, second=0, microsecond=0)


def csp():
    return Subscription.objects.csp()


def counted(queryset, field: str) -> Counter:
    return Counter(queryset.values_list(field, flat=True))


def test_numbers_are_those_that_were_asked_for(filled):
    assert Customer.objects.count() == CUSTOMERS
    assert Subscription.objects.count() == SUBSCRIPTIONS
    assert f"{CUSTOMERS} of {CUSTOMERS} customers" in filled


def test_every_channel_status_and_kind_of_invitation_is_there():
    assert set(counted(Subscription.objects.all(), "channel")) == set(Channel.values)
    assert set(counted(csp(), "status")) == set(SubscriptionStatus.values)
    drafts = {InvitationStatus.DRAFT}
    found = set(counted(Invitation.objects.all(), "status"))
    assert found == set(InvitationStatus.values) - drafts
    origins = set(counted(ResellerRelationship.objects.all(), "origin"))
    assert origins == set(RelationshipOrigin.values)
    assert ScheduledChange.objects.exists()
    assert ObservationRetraction.objects.exists()


def test_partners_are_several_in_two_currencies():
    assert Partner.objects.transacting().count() >= 5
    assert Partner.objects.filter(is_csp_transacting=False).exists()
    assert set(counted(Partner.objects.all(), "currency")) == {"EUR", "USD"}
    assert set(counted(SubscriptionTerm.objects.all(), "currency")) == {"EUR", "USD"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_rows_satisfy_their_model(model):
    checked = 0
    for row in model._base_manager.order_by("pk")[:60]:
        row.clean_fields()
        row.validate_unique()
        row.validate_constraints()
        checked += 1
    assert checked


def test_guards_are_all_in_place():
    assert guards.missing() == []


def test_fingerprints_are_all_intact(capsys):
    call_command("verify_existing")
    assert ", 0 different." in capsys.readouterr().out
    assert ResellerRelationship.objects.filter(existing_count__gt=0).count() > 50


def test_quantity_is_the_sum_of_the_entries():
    sums = csp().annotate(sum=Sum("seat_entries__change"))
    assert sums.filter(sum=F("quantity")).count() == csp().count() > 0
    assert not csp().filter(quantity__lt=1).exists()


def test_reductions_take_what_may_go():
    reductions = SeatEntry.objects.filter(change__lt=0)
    in_time = reductions.filter(
        at__lt=F("reduces__reducible_until"),
        at__gt=F("reduces__at"),
        subscription=F("reduces__subscription"),
        change__gte=-F("reduces__change"),
    )
    assert in_time.count() == reductions.count() > 0


def test_terms_follow_each_other_until_the_commitments_end():
    for row in csp().prefetch_related("terms"):
        terms = sorted(row.terms.all(), key=lambda term: term.number)
        assert [term.number for term in terms] == list(range(1, len(terms) + 1))
        assert terms[0].starts_at == row.started_at
        assert terms[-1].ends_at == row.commitment_ends_at
        assert terms[-1].offer_id == row.offer_id
        for before, after in itertools.pairwise(terms):
            assert before.ends_at == after.starts_at


def test_statuses_follow_the_table():
    for row in csp().prefetch_related("status_entries"):
        entries = sorted(row.status_entries.all(), key=lambda entry: entry.pk)
        assert (entries[0].status, entries[0].at) == ("active", row.started_at)
        assert entries[-1].status == row.status
        for before, after in itertools.pairwise(entries):
            assert before.at <= after.at
            assert after.status in SUBSCRIPTION_TRANSITIONS[before.status].values()
    assert not csp().exclude(status="active").filter(auto_renews=True).exists()


def test_prices_are_those_of_the_terms_day():
    terms = SubscriptionTerm.objects
    assert terms.exclude(unit_price=F("offer__unit_price")).count() == 0
    assert terms.values("offer__is_available").distinct().count() == 2


def test_nothing_is_due_at_the_end_of_the_history():
    with unchanged(), clock.at(midnight()):
        moved = moving.run(actor=Actor.clock())
    assert moved == {"invitations": 0, "subscriptions": 0}


def test_next_weeks_of_time_can_be_lived():
    with clock.at(add_months(midnight(), 2)):
        moved = moving.run(actor=Actor.clock())
    assert moved["invitations"] > 0
    assert moved["subscriptions"] > 10


def test_sold_ones_lie_within_their_relationship():
    outside = Q(started_at__lte=F("relationship__established_at")) | Q(
        started_at__gte=F("relationship__ended_at")
    )
    assert not csp().filter(outside).exists()
    ended = csp().filter(relationship__ended_at__isnull=False)
    assert ended.exists()
    assert not ended.active().exists()


def test_observations_supersede_their_own_in_one_chain():
    later = Subscription.objects.exclude(supersedes=None)
    own = later.filter(
        recorded_at__gt=F("supersedes__recorded_at"),
        external_id=F("supersedes__external_id"),
        por_mpn_id=F("supersedes__por_mpn_id"),
    )
    assert own.count() == later.count() > 50


def test_log_tells_of_every_row():
    told = counted(ActivityRecord.objects.all(), "operation")
    assert told["record_observation"] == Subscription.objects.existing().count()
    assert told["extend_relationship"] == ResellerRelationship.objects.count()
    assert told["create_invitation"] == Invitation.objects.count()
    renewals = SubscriptionTerm.objects.filter(number__gt=1).count()
    assert told["renew_subscription"] == renewals > 0
    assert not ActivityRecord.objects.filter(at__gt=midnight()).exists()


def test_history_is_longer_than_eighteen_months():
    first = ActivityRecord.objects.earliest("at").at
    assert first < add_months(midnight(), -18)


def test_nobody_can_sign_in_and_no_mail_waits():
    assert [user for user in User.objects.all() if user.has_usable_password()] == []
    assert not OutgoingEmail.objects.exists()


def test_few_people_look_after_many_tenants():
    administrators = User.objects.filter(is_staff=False).annotate(
        tenants=Count("tenant_memberships")
    )
    assert administrators.count() == CUSTOMERS / 20
    assert administrators.filter(tenants__gt=5).exists()


def test_second_run_changes_nothing(filled):
    before = rows()
    assert "customers," not in seed()
    assert rows() == before
