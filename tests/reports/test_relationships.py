from datetime import timedelta

import pytest
from hypothesis import strategies as st

from portal.foundation import clock
from relationships.models import ResellerRelationship
from relationships.services.relationships import end_relationship
from tests import stories

from .asking import ask, total
from .histories import BEGIN, for_every, moments, pauses, periods

pytestmark = pytest.mark.django_db

lives = st.tuples(moments, st.none() | pauses)


def play(admin_agent, histories):
    for begins, lasts in histories:
        with clock.at(begins):
            found = stories.relationship(admin_agent, stories.tenant())
        if lasts is not None:
            with clock.at(begins + lasts):
                end_relationship(found, actor=admin_agent, reason="Because")


def active_on(day, relationships):
    """At the end of that day."""
    return sum(
        row.established_at.date() <= day
        and (row.ended_at is None or row.ended_at.date() > day)
        for row in relationships
    )


def is_in(moment, first, last):
    return moment is not None and first <= moment.date() <= last


@for_every(st.lists(lives, max_size=6), periods)
def test_relationships_are_told_as_day_by_day_counting_tells(histories, period):
    first, last = period
    agent = stories.staff(role="admin_agent")
    play(agent, histories)
    play(stories.staff(role="admin_agent"), histories[:1])  # another partner's
    own = ResellerRelationship.objects.filter(partner=agent.partner)
    found = ask("relationships", agent, first=first, last=last)
    assert found.totals[0] | {"month": ""} == {
        "month": "",
        "before": active_on(first - timedelta(days=1), own),
        "won": sum(is_in(row.established_at, first, last) for row in own),
        "lost": sum(is_in(row.ended_at, first, last) for row in own),
        "after": active_on(last, own),
    }
    ends = [row["after"] for row in reversed(found.rows)]
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    last_days = [
        day for day in days if day == last or (day + timedelta(days=1)).day == 1
    ]
    assert ends == [active_on(day, own) for day in last_days]


def test_staff_filter_takes_its_own_only():
    agent = stories.staff(role="admin_agent")
    colleague = stories.staff(agent.partner)
    with clock.at(BEGIN):
        stories.relationship(agent, stories.tenant())
        stories.relationship(colleague, stories.tenant())
    given = {"first": BEGIN.date(), "last": BEGIN.date()}
    assert total("relationships", agent, **given)["won"] == 2
    assert total("relationships", agent, staff=agent.user.pk, **given)["won"] == 1
