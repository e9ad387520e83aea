from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.calendar import add_months, next_term_end
from subscriptions.enums import TERM_MONTHS, Term

MOMENTS = st.datetimes(
    datetime(2000, 1, 1), datetime(2100, 12, 31), timezones=st.just(UTC)
)


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2026-01-31", 3, "2026-04-30"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-12-15T10:30:59.000001", 1, "2027-01-15T10:30:59.000001"),
        ("2026-06-15", 0, "2026-06-15"),
        ("2026-03-31", 36, "2029-03-31"),
    ],
)
def test_months_are_clipped_to_the_end_of_the_month(start, months, end):
    assert add_months(day(start), months) == day(end)


def ends_of(start, *terms):
    """The end of each term, one after the other."""
    ends = [start]
    for term in terms:
        ends.append(next_term_end(start, ends[-1], term))
    return ends[1:]


def test_clipping_once_does_not_shorten_later_terms():
    ends = ends_of(day("2026-01-31"), *[Term.P1M] * 3)
    assert ends == [day("2026-02-28"), day("2026-03-31"), day("2026-04-30")]


def test_yearly_term_from_a_leap_day_comes_back_to_it():
    ends = ends_of(day("2024-02-29"), *[Term.P1Y] * 4)
    assert (ends[0], ends[-1]) == (day("2025-02-28"), day("2028-02-29"))
    assert ends_of(day("2024-02-29"), Term.P3Y) == [day("2027-02-28")]


def test_term_of_another_length_goes_on_from_the_first_start():
    ends = ends_of(day("2026-01-31"), Term.P1M, Term.P1Y, Term.P1M, Term.P3Y)
    assert ends == [
        day("2026-02-28"),
        day("2027-02-28"),
        day("2027-03-31"),
        day("2030-03-31"),
    ]


@given(MOMENTS, st.integers(0, 600))
def test_adding_months_keeps_the_time_and_the_day_or_the_months_last(start, months):
    end = add_months(start, months)
    assert end.timetz() == start.timetz()
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    clipped = end.day < start.day
    assert end.day == start.day or clipped
    if clipped:
        assert (end + timedelta(days=1)).day == 1


@given(MOMENTS, st.lists(st.sampled_from(Term), min_size=1, max_size=40))
def test_terms_follow_each_other_without_a_gap(start, terms):
    ends = ends_of(start, *terms)
    assert ends[-1] == add_months(start, sum(TERM_MONTHS[term] for term in terms))
    for term, begin, end in zip(terms, [start, *ends], ends, strict=False):
        assert begin < end
        assert (end - begin).days in {
            1: range(28, 32),
            12: (365, 366),
            36: (1095, 1096),
        }[TERM_MONTHS[term]]
