import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from portal.accounts.protection import PEOPLE_STAY
from portal.foundation import clock
from portal.foundation.guards import broken_rule
from relationships.models import ResellerRelationship
from relationships.protection import ENDED_ONCE, NEVER_DELETED, NO_TRANSITION
from relationships.services.relationships import end_relationship

from .. import stories
from ..factories import CustomerFactory, PartnerFactory, UserFactory
from . import attacks, rows

pytestmark = pytest.mark.django_db

WRITTEN_ONCE = {
    "partner": PartnerFactory,
    "customer": CustomerFactory,
    "invitation": lambda: stories.invitation(stories.staff()),
    "established_at": lambda: clock.now() - timedelta(days=400),
    "existing_snapshot": lambda: {"version": 1, "rows": []},
    "existing_count": lambda: 17,
    "existing_fingerprint": lambda: "1:" + "0" * 64,
}
WORDED = [a for a in attacks.WORDED_CHANGES if a not in attacks.INSERTS]
RAW = [a for a in attacks.RAW_CHANGES if a is not attacks.sql_insert_on_conflict]


@pytest.fixture
def relationship(bare, sales, admin):
    """One whose snapshot is not empty."""
    return stories.relationship(sales, admin)


@pytest.mark.parametrize("attack", WORDED, ids=attacks.names(WORDED))
def test_what_was_written_once_stays_when_changed_by_model(relationship, attack):
    for name, value in WRITTEN_ONCE.items():
        row, new = ResellerRelationship.objects.get(pk=relationship.pk), value()
        with rows.unchanged(row), rows.refused_in_words(NO_TRANSITION):
            attack(row, {name: new})


@pytest.mark.parametrize("attack", RAW, ids=attacks.names(RAW))
def test_what_was_written_once_stays_when_changed_past_model(relationship, attack):
    for name, value in WRITTEN_ONCE.items():
        row, new = ResellerRelationship.objects.get(pk=relationship.pk), value()
        with rows.unchanged(row), rows.refused_by_guard(NO_TRANSITION):
            attack(row, {name: new})


def test_origin_stays_when_the_invitation_goes_with_it(relationship):
    provisioned = {"origin": "provisioned", "invitation": None}
    with rows.unchanged(relationship), rows.refused_in_words(NO_TRANSITION):
        attacks.save(relationship, provisioned)


@pytest.mark.parametrize(
    "attack", attacks.WORDED_DELETIONS, ids=attacks.names(attacks.WORDED_DELETIONS)
)
def test_relationship_stays_when_deleted_by_model(relationship, attack):
    with rows.unchanged(relationship), rows.refused_in_words(NO_TRANSITION):
        attack(relationship)


@pytest.mark.parametrize(
    "attack", attacks.RAW_DELETIONS, ids=attacks.names(attacks.RAW_DELETIONS)
)
def test_relationship_stays_when_deleted_past_model(relationship, attack):
    with rows.unchanged(relationship), rows.refused_by_guard(NO_TRANSITION):
        attack(relationship)


def test_relationship_stays_when_deleted_with_subscriptions_under_it(csp):
    with rows.unchanged(csp.relationship, csp), pytest.raises(ProtectedError):
        csp.relationship.delete()


@pytest.mark.parametrize(
    "ending",
    [{"ended_at": None}, {"end_reason": "Another"}, {"ended_by": None}],
    ids=lambda ending: next(iter(ending)),
)
def test_end_stays_when_there_is_one(ended, ending):
    relationship = ended.relationship
    relationship.refresh_from_db()
    with rows.unchanged(relationship), rows.refused_in_words(ENDED_ONCE):
        attacks.save(relationship, ending)
    with rows.unchanged(relationship), rows.refused_by_guard(ENDED_ONCE):
        attacks.sql_update(relationship, ending)


def test_end_stays_when_set_again_to_another_moment(ended):
    later = {"ended_at": clock.now() + timedelta(days=1)}
    with rows.unchanged(ended.relationship), rows.refused_by_guard(ENDED_ONCE):
        attacks.sql_update(ended.relationship, later)


def test_relationship_stays_active_when_a_subscription_under_it_is(csp, sales):
    relationship = csp.relationship
    ending = {"ended_at": clock.now(), "end_reason": "They asked for it."}
    with rows.unchanged(relationship), rows.refused_in_words(ENDED_ONCE):
        attacks.save(relationship, ending)
    with rows.unchanged(relationship), rows.refused_in_words(ENDED_ONCE):
        attacks.queryset_update(relationship, ending)
    with rows.unchanged(relationship), rows.refused_by_guard(ENDED_ONCE):
        attacks.sql_update(relationship, ending)


def test_relationship_ends_when_nothing_under_it_is_active(relationship, sales):
    end_relationship(relationship, actor=sales, reason="They asked for it.")
    assert rows.stored(relationship)["ended_at"] is not None


def second_relationship(relationship):
    invitation = stories.invitation(stories.staff())
    return rows.copied(relationship, partner=invitation.partner, invitation=invitation)


def test_second_active_relationship_is_refused_by_the_constraint(relationship):
    columns = second_relationship(relationship)
    with (
        rows.unchanged(relationship),
        pytest.raises(IntegrityError) as caught,
        transaction.atomic(),
    ):
        rows.insert(ResellerRelationship, columns)
    assert broken_rule(caught.value) is None
    assert "customer" in str(caught.value)


def test_second_active_relationship_is_refused_in_words_when_the_model_makes_it(
    relationship,
):
    invitation = stories.invitation(stories.staff())
    second = ResellerRelationship.objects.get(pk=relationship.pk)
    second.pk, second._state.adding = uuid.uuid4(), True
    second.partner, second.invitation = invitation.partner, invitation
    with rows.unchanged(relationship), pytest.raises(ValidationError) as caught:
        second.save(force_insert=True)
    assert caught.value.code == "one_transacting_partner"


def test_new_relationship_is_taken_when_the_one_before_has_ended(ended):
    columns = second_relationship(ended.relationship)
    columns |= {"ended_at": None, "ended_by_id": None, "end_reason": ""}
    rows.insert(ResellerRelationship, columns)
    assert ResellerRelationship.objects.active().count() == 1


@pytest.mark.parametrize("attack", attacks.RAW_DELETIONS[1:])
def test_people_stay_when_nothing_hangs_on_them(attack):
    row = UserFactory()
    with rows.unchanged(row), rows.refused_by_guard(PEOPLE_STAY):
        attack(row)
    with rows.unchanged(row), rows.refused_in_words(PEOPLE_STAY):
        row.delete()


@pytest.mark.parametrize("attack", attacks.RAW_DELETIONS[1:])
def test_partners_and_customers_stay_when_nothing_hangs_on_them(attack):
    for row in (PartnerFactory(), CustomerFactory()):
        with rows.unchanged(row), rows.refused_by_guard(NEVER_DELETED):
            attack(row)
        with rows.unchanged(row), rows.refused_in_words(NEVER_DELETED):
            row.delete()
