from collections import Counter

import pytest
from hypothesis import strategies as st

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.models import ActivityRecord
from relationships.services.activity import record
from tests import stories

from .asking import ask
from .histories import for_every, moments, periods

pytestmark = pytest.mark.django_db

OPERATIONS = (Operation.RENAME, Operation.EXPORT, Operation.CHANGE_SEATS)
happened = st.tuples(moments, st.integers(0, 3), st.sampled_from(OPERATIONS))


@for_every(st.lists(happened, max_size=12), periods, examples=15)
def test_activity_is_counted_as_a_person_would_count_it(wanted, period):
    first, last = period
    agent, other = stories.staff(role="admin_agent"), stories.staff()
    actors = [agent, stories.staff(agent.partner), stories.tenant(), Actor.clock()]
    for moment, number, operation in wanted:
        for partner in (agent.partner, other.partner):
            actor = actors[number]
            with clock.at(moment):
                record(operation, partner, actor=actor, partner=partner)
    own = [
        row
        for row in ActivityRecord.objects.filter(partner=agent.partner)
        if first <= row.at.date() <= last
    ]
    given = {"first": first, "last": last}
    for by, key in (
        ("person-operation", lambda row: (row.actor_id, row.actor_role, row.operation)),
        ("person", lambda row: (row.actor_id, row.actor_role, None)),
        ("role-operation", lambda row: (None, row.actor_role, row.operation)),
        ("operation", lambda row: (None, None, row.operation)),
    ):
        found = ask("activity", agent, by=by, **given)
        names = ("actor", "actor_role", "operation")
        counts = {tuple(map(row.get, names)): row["count"] for row in found.rows}
        assert counts == Counter(map(key, own))
        newest = {tuple(map(row.get, names)): row["newest"] for row in found.rows}
        assert newest == {
            each: max(row.at for row in own if key(row) == each) for each in counts
        }
        assert found.totals[0]["count"] == len(own)


def test_staff_filter_takes_one_persons_records_only():
    agent, colleague = stories.staff(), None
    colleague = stories.staff(agent.partner)
    for actor in (agent, agent, colleague):
        record(Operation.EXPORT, actor.partner, actor=actor, partner=actor.partner)
    result = ask("activity", agent, staff=agent.user.pk)
    assert [row["count"] for row in result.rows] == [2]


def test_viewer_without_personal_data_is_told_roles_whatever_the_address_says():
    agent = stories.staff(role="admin_agent")
    record(Operation.EXPORT, agent.partner, actor=agent, partner=agent.partner)
    viewer = stories.staff(agent.partner, "report_viewer")
    result = ask("activity", viewer, by="person", staff=agent.user.pk)
    assert [str(column.label) for column in result.columns] == [
        "Role",
        "Operation",
        "Records",
        "Newest",
    ]
    assert [column.value(result.rows[0]) for column in result.columns[:3]] == [
        "Admin agent",
        "List exported",
        1,
    ]
