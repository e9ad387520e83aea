"""A person's own ways in: who may change them, and what the log tells."""

import pytest
from django.core.exceptions import PermissionDenied

from portal.accounts import second_factor, throttling
from portal.accounts.enums import SignInOutcome, ThrottleScope
from portal.accounts.models import SignIn, Throttle
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord
from relationships.services import sign_in
from relationships.services.tenants import anonymise_person

from .. import stories
from ..signin.people import KEY, code_at, with_factor
from .support import denied, operations, refused

pytestmark = pytest.mark.django_db

NEW = "a-much-better-horse"


@pytest.fixture
def actor():
    return stories.staff()


@pytest.fixture
def operator():
    return stories.operator()


def lock(user) -> None:
    limit = throttling.guesses(ThrottleScope.ACCOUNT)
    for _ in range(limit.most + 1):
        throttling.take(limit, throttling.key_of(user.login))


def test_factor_is_set_up_once(actor):
    with_factor(actor)
    with refused("code"):
        sign_in.set_up_second_factor(
            actor.user, actor=actor, key=second_factor.new_key(), code=code_at()
        )


def test_factor_is_set_up_by_the_person_alone(actor, operator):
    with denied(PermissionDenied):
        sign_in.set_up_second_factor(
            actor.user, actor=operator, key=KEY, code=code_at()
        )


def test_recovery_codes_take_a_factor(actor):
    with denied(TransitionNotAllowed):
        sign_in.renew_recovery_codes(actor.user, actor=actor)


def test_recovery_codes_are_the_persons_own(actor, operator):
    with_factor(actor)
    with denied(PermissionDenied):
        sign_in.renew_recovery_codes(actor.user, actor=operator)


def test_operator_removes_the_factor_of_somebody_who_lost_the_phone(actor, operator):
    with_factor(actor)
    generation = actor.user.session_generation
    with operations() as told:
        sign_in.remove_second_factor(
            actor.user, actor=operator, reason=" Lost; seen in person. "
        )
    assert told == [Operation.REMOVE_SECOND_FACTOR]
    assert ActivityRecord.objects.latest("pk").reason == "Lost; seen in person."
    assert not second_factor.is_set_up(actor.user)
    assert not second_factor.count_recovery_codes(actor.user)
    actor.user.refresh_from_db()
    assert actor.user.session_generation == generation + 1


@pytest.mark.parametrize(
    "verb",
    [sign_in.remove_second_factor, sign_in.sign_out_everywhere],
)
def test_colleagues_do_not_touch_each_others_ways_in(actor, verb):
    with_factor(actor)
    colleague = stories.staff(actor.partner, "admin_agent")
    with denied(PermissionDenied):
        verb(actor.user, actor=colleague)


def test_factor_is_removed_when_there_is_one(actor):
    with denied(TransitionNotAllowed):
        sign_in.remove_second_factor(actor.user, actor=actor)


def test_password_is_not_changed_by_somebody_else(actor, operator):
    with denied(PermissionDenied):
        sign_in.change_password(actor.user, actor=operator, password=NEW)


def test_password_is_changed_by_whoever_has_the_link(actor):
    lock(actor.user)
    with operations() as told:
        sign_in.change_password(actor.user, actor=Actor.visitor(), password=NEW)
    actor.user.refresh_from_db()
    assert actor.user.check_password(NEW)
    assert told == [Operation.RESET_PASSWORD]
    assert not throttling.is_locked(actor.user)


def test_weak_password_is_not_set(actor):
    with refused("password_too_common"):
        sign_in.change_password(actor.user, actor=actor, password="password123")


def test_operator_lifts_a_lock(actor, operator):
    lock(actor.user)
    assert throttling.is_locked(actor.user)
    with operations() as told:
        sign_in.lift_lock(actor.user, actor=operator)
    assert told == [Operation.LIFT_LOCK]
    assert not throttling.is_locked(actor.user)
    with denied(TransitionNotAllowed):
        sign_in.lift_lock(actor.user, actor=operator)


def test_lock_is_not_lifted_by_staff(actor):
    lock(actor.user)
    with denied(PermissionDenied):
        sign_in.lift_lock(actor.user, actor=actor)


def test_operator_lifts_the_limit_of_an_address(actor, operator):
    throttling.take(throttling.guesses(ThrottleScope.ADDRESS), "203.0.113.9")
    row = Throttle.objects.get()
    with denied(PermissionDenied):
        sign_in.lift_limit(row, actor=actor)
    with operations() as told:
        sign_in.lift_limit(row, actor=operator)
    assert told == [Operation.LIFT_LOCK]
    assert "203.0.113.9" not in str(ActivityRecord.objects.latest("pk").__dict__)
    assert not Throttle.objects.exists()


def test_anonymised_person_has_no_factor_and_came_from_nowhere(actor, operator):
    with_factor(actor)
    lock(actor.user)
    SignIn.objects.create(
        user=actor.user,
        outcome=SignInOutcome.SIGNED_IN,
        how="local_account",
        address="203.0.113.0/24",
    )
    anonymise_person(actor.user, actor=operator, reason="It was asked for.")
    assert not second_factor.is_set_up(actor.user)
    assert SignIn.objects.get().address == ""
    assert not Throttle.objects.exists()
