from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from portal.foundation import clock

from .threads import in_a_thread

THEN = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def test_clock_tells_the_systems_time_in_utc_when_nothing_was_set():
    before = timezone.now()
    told = clock.now()
    assert before <= told <= timezone.now()
    assert told.utcoffset() == timedelta(0)


def test_clock_stands_at_a_moment_inside_the_block_and_goes_on_after_it():
    with clock.at(THEN) as moment:
        assert moment == clock.now() == THEN
        with clock.at(THEN + timedelta(days=1)):
            assert clock.now() == THEN + timedelta(days=1)
        assert clock.now() == THEN
    assert clock.now() != THEN


def test_clock_goes_on_when_the_block_fails():
    with pytest.raises(LookupError), clock.at(THEN):
        raise LookupError
    assert clock.now() != THEN


def test_clock_refuses_a_moment_without_a_time_zone():
    naive = THEN.replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"), clock.at(naive):
        pass
    assert clock.now() != THEN


def test_clock_of_another_thread_goes_on():
    with clock.at(THEN):
        assert in_a_thread(clock.now) != THEN
