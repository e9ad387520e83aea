"""Random histories: moments around the borders of days, and what happens at them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.foundation import clock

from ..fuzz.requests import taken_back

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 75  # of history
NOW = BEGIN + timedelta(days=130, hours=9)
INSTANT = timedelta(microseconds=1)
EDGES = (timedelta(0), timedelta(hours=12), timedelta(days=1) - INSTANT)

moments = st.builds(
    lambda day, edge: BEGIN + timedelta(days=day) + edge,
    st.integers(0, DAYS),
    st.sampled_from(EDGES),
)
pauses = st.sampled_from(
    (INSTANT, timedelta(hours=5), timedelta(days=1), timedelta(days=9, hours=3))
)
periods = st.tuples(st.integers(0, DAYS), st.integers(0, DAYS)).map(
    lambda days: tuple(BEGIN.date() + timedelta(days=day) for day in sorted(days))
)


def for_every(*strategies: Any, examples: int = 12) -> Callable[..., Any]:
    """Run the test for histories, always the same ones; each is taken back."""

    def wrap(test: Callable[..., None]) -> Callable[[], None]:
        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.tuples(*strategies))
        def inner(drawn: Any) -> None:
            with taken_back(), clock.at(NOW):
                test(*drawn)

        def run() -> None:
            inner()

        run.__name__ = test.__name__
        return run

    return wrap
