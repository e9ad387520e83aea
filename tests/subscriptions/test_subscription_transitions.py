"""Each status times each verb, from SUBSCRIPTION_TRANSITIONS itself."""

import itertools
from datetime import timedelta

import pytest

from portal.api.numbers import NUMBERS
from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from subscriptions.enums import (
    SUBSCRIPTION_TRANSITIONS,
    SubscriptionStatus,
    SubscriptionVerb,
)
from subscriptions.models import Subscription
from subscriptions.services import clock as moving
from subscriptions.services import lifecycle
from subscriptions.services.moves import next_move
from subscriptions.services.possibilities import Verb, judge

from .. import stories
from ..relationships.support import NOON, denied, operations, unchanged

pytestmark = pytest.mark.django_db

STATUS, VERB = SubscriptionStatus, SubscriptionVerb
BY_STAFF = {
    VERB.SUSPEND: lifecycle.suspend,
    VERB.REACTIVATE: lifecycle.reactivate,
    VERB.CANCEL: lifecycle.cancel,
}
BY_TIME = [verb for verb in VERB if verb not in BY_STAFF]
# Which verbs bring a new subscription into a status.
WAYS = {
    STATUS.ACTIVE: [],
    STATUS.SUSPENDED: [VERB.SUSPEND],
    STATUS.EXPIRED: [VERB.SUSPEND, VERB.REACTIVATE, VERB.EXPIRE],
    STATUS.DISABLED: [VERB.SUSPEND, VERB.DISABLE],
    STATUS.DELETED: [VERB.SUSPEND, VERB.DISABLE, VERB.DELETE],
}


class World:
    """A subscription and the moment at which it has reached a status."""

    def __init__(self) -> None:
        self.sales = stories.staff()
        admin = stories.tenant()
        stories.relationship(self.sales, admin)
        self.subscription = stories.csp_subscription(self.sales, admin.customer)
        self.moment = NOON

    def do(self, verb: str) -> None:
        row = Subscription.objects.get(pk=self.subscription.pk)
        if verb in BY_STAFF:
            with clock.at(self.moment):
                BY_STAFF[SubscriptionVerb(verb)](row, actor=self.sales)
            return
        due = next_move(row)
        assert due.verb == verb
        self.moment = due.at
        with clock.at(self.moment):
            moving.run(actor=Actor.clock())

    def bring_to(self, status: str) -> None:
        for verb in WAYS[SubscriptionStatus(status)]:
            self.do(verb)
        assert self.status == status

    @property
    def status(self) -> str:
        return Subscription.objects.get(pk=self.subscription.pk).status


@pytest.fixture
def world():
    with clock.at(NOON):
        return World()


@pytest.mark.parametrize("status", STATUS)
def test_table_leads_to_known_statuses_by_known_verbs(status):
    row = SUBSCRIPTION_TRANSITIONS[status]
    assert set(row) <= set(VERB)
    assert set(row.values()) <= set(STATUS)


@pytest.mark.parametrize(
    ("status", "verb"),
    [
        (status, verb)
        for status in STATUS
        for verb in SUBSCRIPTION_TRANSITIONS[status]
        if verb in BY_STAFF
    ],
)
def test_staff_moves_it_as_the_table_says(world, status, verb):
    world.bring_to(status)
    entries = world.subscription.status_entries.count()
    with operations() as told:
        world.do(verb)
    assert world.status == SUBSCRIPTION_TRANSITIONS[status][verb]
    assert world.subscription.status_entries.count() == entries + 1
    assert told == [getattr(Operation, verb.upper())]


@pytest.mark.parametrize(
    ("status", "verb"),
    [
        (status, verb)
        for status, verb in itertools.product(STATUS, BY_STAFF)
        if verb not in SUBSCRIPTION_TRANSITIONS[status]
    ],
)
def test_staff_is_refused_when_the_table_lacks_the_verb(world, status, verb):
    world.bring_to(status)
    with denied(TransitionNotAllowed):
        world.do(verb)


@pytest.mark.parametrize(
    ("status", "verb"),
    [
        (status, verb)
        for status in STATUS
        for verb in SUBSCRIPTION_TRANSITIONS[status]
        if verb in BY_TIME
    ],
)
def test_time_moves_it_as_the_table_says(world, status, verb):
    world.bring_to(status)
    if verb == VERB.EXPIRE:  # suspended once, it does not renew any more
        world.do(VERB.SUSPEND)
        world.do(VERB.REACTIVATE)
    entries = world.subscription.status_entries.count()
    with operations() as told:
        world.do(verb)
    assert world.status == SUBSCRIPTION_TRANSITIONS[status][verb]
    renews = verb == VERB.RENEW
    assert world.subscription.status_entries.count() == entries + (not renews)
    assert told == [
        Operation.RENEW_SUBSCRIPTION if renews else Operation.MOVE_SUBSCRIPTION
    ]


@pytest.mark.parametrize("status", STATUS)
def test_time_makes_no_move_that_the_table_lacks(world, status):
    world.bring_to(status)
    due = next_move(Subscription.objects.get(pk=world.subscription.pk))
    by_time = set(SUBSCRIPTION_TRANSITIONS[status]) & set(BY_TIME)
    assert (due.verb if due else None) in (by_time or {None})


@pytest.mark.parametrize("status", [s for s in STATUS if s != STATUS.DELETED])
def test_time_moves_nothing_before_its_moment(world, status):
    world.bring_to(status)
    due = next_move(Subscription.objects.get(pk=world.subscription.pk))
    with clock.at(due.at - timedelta(microseconds=1)), unchanged():
        moving.run(actor=Actor.clock())


@pytest.mark.parametrize(
    ("status", "codes"),
    [
        (STATUS.SUSPENDED, ("seats_while_suspended", "not_renewable", "status_fixed")),
        (STATUS.EXPIRED, ("seats_fixed", "not_renewable", "status_fixed")),
        (STATUS.DISABLED, ("seats_fixed", "not_renewable", "status_fixed")),
        (STATUS.DELETED, ("subscription_deleted",) * 3),
    ],
)
def test_refusal_is_called_by_its_rule(world, status, codes):
    world.bring_to(status)
    row = Subscription.objects.get(pk=world.subscription.pk)
    refusals = {verb: judge(verb, row).refusal for verb in Verb}
    seats, renewal, moved = codes
    for verb, code in (
        (Verb.ADD_SEATS, seats),
        (Verb.TAKE_SEATS, seats),
        (Verb.SCHEDULE_CHANGE, renewal),
        (Verb.START_RENEWING, renewal),
        (Verb.STOP_RENEWING, renewal),
        (Verb.SUSPEND, moved),
        (Verb.DROP_CHANGE, "nothing_scheduled"),
    ):
        assert refusals[verb].code == code


@pytest.mark.parametrize("status", STATUS)
def test_every_refusal_of_a_verb_has_a_number_of_its_own(world, status):
    world.bring_to(status)
    row = Subscription.objects.get(pk=world.subscription.pk)
    refusals = [judge(verb, row).refusal for verb in Verb]
    codes = {refusal.code for refusal in refusals if refusal is not None}
    assert codes
    assert codes <= set(NUMBERS)


def test_refusal_names_verb_and_status(world):
    with denied(TransitionNotAllowed) as caught:
        world.do(VERB.REACTIVATE)
    assert str(caught.value) == (
        "Reactivate: not possible while the subscription is active."
    )
