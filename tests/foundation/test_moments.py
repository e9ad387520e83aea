from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template

from portal.foundation import clock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def written(tag, moment):
    with clock.at(NOON):
        page = Template(f"{{% load portal %}}{{% {tag} moment %}}")
        return page.render(Context({"moment": moment}))


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=12), "12\xa0minutes ago"),
        (timedelta(hours=30), "1\xa0day ago"),
        (timedelta(days=-3), "in 3\xa0days"),
    ],
)
def test_ago_tells_the_distance_and_the_moment_in_the_title(passed, words):
    moment = NOON - passed
    told = written("ago", moment)
    assert f">{words}<" in told
    assert f'title="{moment.day} Nov 2026, {moment:%H:%M} UTC"' in told
    assert f'datetime="{moment.isoformat()}"' in told


def test_exact_tells_the_moment_in_utc_and_asks_for_the_local_one():
    told = written("exact", NOON)
    assert ">23 Nov 2026, 12:00 UTC<" in told
    assert 'data-local="{time} your time"' in told


@pytest.mark.parametrize("tag", ["ago", "exact"])
def test_moment_that_never_was_is_nothing(tag):
    assert written(tag, None) == ""
