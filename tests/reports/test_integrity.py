from datetime import timedelta

import pytest

from portal.foundation import clock, guards
from relationships.services.relationships import end_relationship
from subscriptions.models import LastVerification, Subscription
from subscriptions.services import upkeep
from subscriptions.snapshots import verify_all
from tests import stories

from .asking import ask, rows
from .histories import BEGIN

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def related(agent, *, existing):
    admin = stories.tenant()
    for _number in range(existing):
        stories.observation(admin.customer)
    return stories.relationship(agent, admin)


def told(agent, **filters):
    names = ("pk", "result", "last_verification__verified_at")
    return {row[0]: row[1:] for row in rows("integrity", agent, *names, **filters)}


def verify_at(moment):
    with clock.at(moment):
        return upkeep.verify_existing()


def test_relationship_is_not_verified_before_somebody_has_looked(agent):
    found, empty = related(agent, existing=2), related(agent, existing=0)
    assert told(agent) == {found.pk: ("unchecked", None), empty.pk: ("nothing", None)}


def test_result_is_told_with_the_moment_of_the_last_check(agent):
    found, empty = related(agent, existing=1), related(agent, existing=0)
    ended = related(agent, existing=1)
    end_relationship(ended, actor=agent, reason="Because")
    verify_at(BEGIN)
    verify_at(BEGIN + DAY)
    assert told(agent) == {
        found.pk: ("unchanged", BEGIN + DAY),
        empty.pk: ("nothing", BEGIN + DAY),
        ended.pk: ("unchanged", BEGIN + DAY),
    }
    assert LastVerification.objects.count() == 3


def test_row_that_was_changed_is_told_until_it_is_as_it_was(agent):
    broken, intact = related(agent, existing=2), related(agent, existing=1)
    row = Subscription._base_manager.filter(customer=broken.customer)[:1]
    with guards.lifted():  # as somebody could who owns the database
        before = row[0].quantity
        Subscription._base_manager.filter(pk=row[0].pk).update(quantity=before + 1)
    assert verify_at(BEGIN).broken == [str(broken.pk)]
    assert told(agent)[broken.pk] == ("different", BEGIN)
    assert told(agent, result="different") == {broken.pk: ("different", BEGIN)}
    assert told(agent, result="unchanged") == {intact.pk: ("unchanged", BEGIN)}
    assert ask("integrity", agent).summary == "1 differs: look into it."
    with guards.lifted():
        Subscription._base_manager.filter(pk=row[0].pk).update(quantity=before)
    verify_at(BEGIN + DAY)
    assert told(agent)[broken.pk] == ("unchanged", BEGIN + DAY)


def test_nothing_found_is_never_a_green_tick(agent):
    related(agent, existing=0)
    verify_at(BEGIN)
    result = ask("integrity", agent)
    [column] = [column for column in result.columns if column.name == "result"]
    cell = column.on_page(result.rows[0])
    assert (cell.text, cell.badge) == ("Nothing to verify", "off")


def test_partner_is_named_only_to_who_sees_several(agent):
    related(agent, existing=1)

    def names(actor):
        return {column.name for column in ask("integrity", actor).columns}

    assert names(stories.operator()) - names(agent) == {"partner__name"}


def test_relationships_are_read_together_when_many_are_checked(
    agent, django_assert_num_queries
):
    relationships = [related(agent, existing=count) for count in (2, 0, 1)]
    row = Subscription._base_manager.filter(customer=relationships[2].customer)
    with guards.lifted():
        row.update(quantity=99)
    with django_assert_num_queries(1):
        told = verify_all(relationships)
    assert [each.is_intact for each in told] == [True, True, False]
    assert [each.count for each in told] == [2, 0, 1]


def test_checks_go_on_over_several_chunks(agent, monkeypatch):
    monkeypatch.setattr(upkeep, "CHUNK", 2)
    for _number in range(5):
        related(agent, existing=1)
    seen = []
    result = upkeep.verify_existing(lambda done, total: seen.append((done, total)))
    assert seen == [(0, 5), (2, 5), (4, 5), (5, 5)]
    assert (result.intact, LastVerification.objects.count()) == (5, 5)
