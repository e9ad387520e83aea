"""Counting tries, whatever they are."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from portal.accounts import throttling
from portal.accounts.enums import ThrottleScope
from portal.accounts.models import SignIn, Throttle
from portal.foundation import clock

pytestmark = pytest.mark.django_db

LIMIT = throttling.Limit(ThrottleScope.LINK, 3, timedelta(minutes=1))


def take(times: int, key: str = "203.0.113.9"):
    return [throttling.take(LIMIT, key) for _ in range(times)]


def test_take_refuses_from_the_first_try_over_the_limit_on():
    with clock.at(clock.now()) as start:
        *passed, first, second = take(5)
    assert passed == [None, None, None]
    assert first == throttling.Refusal(start + LIMIT.span, is_first=True)
    assert second == throttling.Refusal(start + LIMIT.span, is_first=False)


def test_take_counts_each_key_for_itself():
    take(5)
    assert take(1, "203.0.113.10") == [None]


def test_take_counts_anew_when_the_span_is_over():
    with clock.at(clock.now()) as start:
        take(5)
    with clock.at(start + LIMIT.span):
        assert take(3) == [None, None, None]
        assert take(1) != [None]


def test_refused_tries_do_not_make_the_wait_longer():
    with clock.at(clock.now()) as start:
        take(4)
    with clock.at(start + LIMIT.span - timedelta(seconds=1)):
        assert take(1)[0].until == start + LIMIT.span


def test_give_back_takes_one_try_away_and_never_below_none():
    take(3)
    throttling.give_back(LIMIT, "203.0.113.9")
    assert take(1) == [None]
    for _ in range(9):
        throttling.give_back(LIMIT, "203.0.113.9")
    assert take(3) == [None, None, None]


def test_forget_ended_drops_what_no_longer_counts_and_nothing_else():
    with clock.at(clock.now() - timedelta(minutes=2)):
        take(1, "old")
    take(1, "new")
    assert throttling.forget_ended() == 1
    assert list(Throttle.objects.values_list("key", flat=True)) == ["new"]


def test_key_of_names_no_account_and_is_the_same_in_any_case():
    key = throttling.key_of(" Mia@People.example")
    assert key == throttling.key_of("mia@people.example")
    assert key != throttling.key_of("mia@people.examples")
    assert "mia" not in key


def test_clock_forgets_limits_that_ended_and_sign_ins_that_are_old(settings):
    settings.SIGN_IN_HISTORY_DAYS = 30
    now = clock.now()
    for age in (31, 29):
        with clock.at(now - timedelta(days=age)):
            SignIn.objects.create(outcome="signed_in", how=f"{age} days ago")
            take(1, f"{age} days ago")
    call_command("run_clock")
    assert [row.how for row in SignIn.objects.all()] == ["29 days ago"]
    assert not Throttle.objects.exists()
