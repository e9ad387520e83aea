"""Guesses that arrive together, each on a database connection of its own."""

from datetime import timedelta
from functools import partial

import pytest

from portal.accounts import second_factor, throttling
from portal.accounts.enums import Factor, ThrottleScope
from portal.accounts.models import Throttle
from tests import stories
from tests.races.running import race

from .people import code_at, with_factor

pytestmark = pytest.mark.django_db(transaction=True)

TOGETHER = 12


def test_no_more_tries_pass_than_the_limit_allows_when_they_arrive_together():
    limit = throttling.Limit(ThrottleScope.ACCOUNT, 5, timedelta(minutes=15))
    outcomes = race(*[partial(throttling.take, limit, "key")] * TOGETHER)
    assert outcomes.count(None) == 5
    assert Throttle.objects.get().count == 6


@pytest.mark.parametrize("kind", Factor.values)
def test_code_works_once_when_it_arrives_twice_at_the_same_instant(kind):
    actor = stories.staff()
    recovery_codes = with_factor(actor)
    code = code_at() if kind == Factor.CODE else recovery_codes[0]
    outcomes = race(*[partial(second_factor.verify, actor.user, code)] * 4)
    assert sorted(map(str, outcomes)) == sorted([kind, "None", "None", "None"])
