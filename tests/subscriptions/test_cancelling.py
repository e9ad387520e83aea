"""Cancelling within the window, and switching the renewal on and off."""

from datetime import timedelta

import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord
from relationships.services.relationships import end_relationship
from subscriptions.models import Subscription
from subscriptions.services import clock as moving
from subscriptions.services import lifecycle
from subscriptions.services.possibilities import Verb, judge

from .. import stories
from ..relationships.support import (
    DAY,
    NOON,
    denied,
    operations,
    refused,
    unchanged,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

INSTANT = timedelta(microseconds=1)


def stored(subscription):
    return Subscription.objects.get(pk=subscription.pk)


def cancel(subscription, actor):
    return lifecycle.cancel(subscription, actor=actor)


def renew(subscription, actor, auto_renews):
    return lifecycle.set_auto_renew(subscription, actor=actor, auto_renews=auto_renews)


def test_cancelled_one_is_deleted_at_once_and_keeps_its_history(sales, subscription):
    with clock.at(NOON + 7 * DAY - INSTANT) as moment, operations() as told:
        cancel(subscription, sales)
    row = stored(subscription)
    assert (row.status, row.auto_renews, row.quantity) == ("deleted", False, 5)
    entry = subscription.status_entries.latest("pk")
    assert (entry.status, entry.at) == ("deleted", moment)
    assert told == [Operation.CANCEL]
    record = ActivityRecord.objects.latest("pk")
    assert record.old_value == {"status": "active", "auto_renews": True}
    assert record.new_value == {"status": "deleted", "auto_renews": False}


def test_cancelling_is_refused_when_the_window_is_over(sales, subscription):
    with clock.at(NOON + 7 * DAY), refused("cancellation_window") as caught:
        cancel(subscription, sales)
    assert "within 7 days of the order or a renewal" in caught.value.messages[0]
    with clock.at(NOON + 7 * DAY):
        found = judge(Verb.CANCEL, subscription)
    assert found.since == subscription.commitment_ends_at


def test_window_opens_again_with_each_renewal(sales, subscription):
    with clock.at(subscription.commitment_ends_at + 6 * DAY):
        cancel(subscription, sales)
    assert stored(subscription).status == "deleted"
    assert subscription.terms.count() == 2


def test_suspended_one_is_cancelled_within_the_window(sales, subscription):
    lifecycle.suspend(subscription, actor=sales)
    cancel(subscription, sales)
    assert stored(subscription).status == "deleted"


def test_suspended_one_is_told_no_date_when_the_window_is_over(sales, subscription):
    lifecycle.suspend(subscription, actor=sales)
    with clock.at(NOON + 8 * DAY):
        assert judge(Verb.CANCEL, stored(subscription)).since is None


def test_cancelled_one_is_left_alone_by_everybody(sales, subscription):
    cancel(subscription, sales)
    with denied(TransitionNotAllowed):
        cancel(subscription, sales)
    with clock.at(NOON + 4000 * DAY), unchanged():
        moving.run(actor=Actor.clock())


def test_relationship_ends_when_the_last_one_is_cancelled(sales, admin, subscription):
    cancel(subscription, sales)
    agent = stories.staff(sales.partner, "admin_agent")
    relationship = admin.customer.active_relationship
    assert not end_relationship(relationship, actor=agent, reason="x").is_active


def test_renewal_is_switched_off_and_on(sales, subscription):
    with operations() as told:
        renew(subscription, sales, False)
        assert stored(subscription).auto_renews is False
        renew(subscription, sales, True)
    assert stored(subscription).auto_renews is True
    assert told == [Operation.SET_AUTO_RENEW] * 2
    record = ActivityRecord.objects.latest("pk")
    assert record.old_value == {"auto_renews": False}
    assert record.new_value == {"auto_renews": True}


@pytest.mark.parametrize("auto_renews", [True, False])
def test_second_click_switches_nothing(sales, subscription, auto_renews):
    renew(subscription, sales, auto_renews)
    with unchanged():
        renew(subscription, sales, auto_renews)


@pytest.mark.parametrize("auto_renews", [True, False])
def test_renewal_of_a_suspended_one_is_not_switched(sales, subscription, auto_renews):
    lifecycle.suspend(subscription, actor=sales)
    with denied(TransitionNotAllowed) as caught:
        renew(subscription, sales, auto_renews)
    assert "only while the subscription is active" in str(caught.value)


def test_one_whose_renewal_was_switched_off_expires(sales, subscription):
    renew(subscription, sales, False)
    with clock.at(subscription.commitment_ends_at):
        moving.run(actor=Actor.clock())
    assert stored(subscription).status == "expired"


def test_one_that_was_reactivated_can_renew_again(sales, subscription):
    lifecycle.suspend(subscription, actor=sales)
    lifecycle.reactivate(subscription, actor=sales)
    renew(subscription, sales, True)
    with clock.at(subscription.commitment_ends_at):
        moving.run(actor=Actor.clock())
    assert stored(subscription).status == "active"
