"""What cannot be undone waits for a second person, where the partner wants one."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from portal.foundation import clock
from relationships.enums import ApprovalOutcome, ApprovalVerb, Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, Approval
from relationships.protection import APPROVAL_STAYS_AS_ASKED
from relationships.services.approvals import approve, do_or_ask, refuse, withdraw
from relationships.services.relationships import end_relationship
from subscriptions.models import Subscription
from subscriptions.services import lifecycle

from .. import stories
from ..protection.rows import refused_by_guard
from .support import DAY, NOON, denied, operations, refused, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

CANCEL, TAKE_SEATS = ApprovalVerb.CANCEL, ApprovalVerb.TAKE_SEATS
END = ApprovalVerb.END_RELATIONSHIP


@pytest.fixture
def agent():
    agent = stories.staff(role="admin_agent")
    agent.partner.needs_second_person = True
    agent.partner.save()
    return agent


@pytest.fixture
def second(agent):
    return stories.staff(agent.partner, "admin_agent")


@pytest.fixture
def admin(agent):
    admin = stories.tenant()
    stories.relationship(agent, admin)
    return admin


@pytest.fixture
def subscription(agent, admin):
    return stories.csp_subscription(agent, admin.customer, quantity=50)


@pytest.fixture
def asked(agent, subscription):
    return do_or_ask(CANCEL, subscription, actor=agent)


def stored(row):
    return type(row).objects.get(pk=row.pk)


def test_asking_keeps_a_sentence_and_changes_nothing_yet(agent, subscription):
    with operations() as told:
        approval = do_or_ask(CANCEL, subscription, actor=agent)
    assert stored(subscription).status == "active"
    kept = stored(approval)
    assert kept.sentence == str(kept)
    assert kept.sentence.startswith(f"Cancel {subscription} of {subscription.customer}")
    assert "with its 50 seats: it is deleted at once and for good." in kept.sentence
    assert (kept.asked_by, kept.asked_at, kept.expires_at) == (
        agent.user,
        NOON,
        NOON + DAY,
    )
    assert kept.current_outcome == ApprovalOutcome.WAITING
    assert told == [Operation.ASK_FOR_APPROVAL]
    assert list(Approval.objects.waiting()) == [approval]


def test_second_person_lets_it_happen(second, subscription, asked):
    with clock.at(NOON + DAY / 2), operations() as told:
        approve(asked, actor=second)
    assert stored(subscription).status == "deleted"
    kept = stored(asked)
    assert (kept.outcome, kept.decided_by) == (ApprovalOutcome.APPROVED, second.user)
    assert kept.decided_at == NOON + DAY / 2
    assert told == [Operation.CANCEL, Operation.APPROVE]
    record = ActivityRecord.objects.get(operation=Operation.CANCEL)
    assert record.actor == second.user


def test_second_person_refuses_with_a_reason(second, subscription, asked):
    refuse(asked, actor=second, reason=" Not now. ")
    assert stored(subscription).status == "active"
    kept = stored(asked)
    assert (kept.outcome, kept.reason) == (ApprovalOutcome.REFUSED, "Not now.")
    with denied(TransitionNotAllowed) as caught:
        approve(asked, actor=second)
    assert str(caught.value) == "Nothing waits any more: refused."


@pytest.mark.parametrize("decide", [approve, refuse])
def test_who_asked_does_not_decide(agent, asked, decide):
    given = {"reason": "x"} if decide is refuse else {}
    with refused("second_person"):
        decide(asked, actor=agent, **given)


def test_database_knows_that_who_asked_does_not_decide(agent, asked):
    rows = Approval.objects.filter(pk=asked.pk)
    values = {"decided_by": agent.user, "decided_at": NOON, "outcome": "approved"}
    with unchanged(), pytest.raises(IntegrityError), transaction.atomic():
        rows.update(**values)


def test_request_waits_no_longer_than_a_day(second, subscription, asked):
    with clock.at(NOON + DAY):
        with denied(TransitionNotAllowed) as caught:
            approve(asked, actor=second)
        assert str(caught.value) == "Nothing waits any more: expired."
        assert not Approval.objects.waiting().exists()
    assert stored(subscription).status == "active"


def test_asking_again_is_the_same_request_while_it_waits(agent, subscription, asked):
    with unchanged():
        assert do_or_ask(CANCEL, subscription, actor=agent) == asked


def test_asking_again_is_a_new_request_when_the_first_has_expired(
    agent, subscription, asked
):
    with clock.at(NOON + DAY):
        again = do_or_ask(CANCEL, subscription, actor=agent)
    assert again != asked
    assert stored(asked).outcome == ApprovalOutcome.EXPIRED


def test_nothing_is_asked_when_the_service_refuses(agent, subscription):
    with clock.at(NOON + 8 * DAY), refused("cancellation_window"):
        do_or_ask(CANCEL, subscription, actor=agent)


def test_nobody_else_of_another_partner_decides(asked):
    rival = stories.staff(role="admin_agent")
    with denied(PermissionDenied):
        approve(asked, actor=rival)
    assert not Approval.objects.visible_to(rival).exists()


def test_tenant_sees_no_request(asked, admin):
    assert not Approval.objects.visible_to(admin).exists()


def test_what_the_second_person_may_not_do_does_not_happen(agent, admin):
    relationship = admin.customer.active_relationship
    asked = do_or_ask(END, relationship, actor=agent, reason="x")
    sales = stories.staff(agent.partner, "sales_agent")
    with denied(PermissionDenied):
        approve(asked, actor=sales)


def test_end_of_a_relationship_waits_too(agent, second, admin):
    relationship = admin.customer.active_relationship
    asked = do_or_ask(END, relationship, actor=agent, reason="We part.")
    assert "We part." in asked.sentence
    assert stored(relationship).is_active
    approve(asked, actor=second)
    ended = stored(relationship)
    assert (ended.ended_by, ended.end_reason) == (second.user, "We part.")


def test_many_seats_wait_and_few_do_not(agent, second, subscription):
    few = do_or_ask(TAKE_SEATS, subscription, actor=agent, quantity=40, shown=50)
    assert few.quantity == stored(subscription).quantity == 40
    asked = do_or_ask(TAKE_SEATS, subscription, actor=agent, quantity=29, shown=40)
    assert "from 40 to 29, at once." in asked.sentence
    assert stored(subscription).quantity == 40
    approve(asked, actor=second)
    assert stored(subscription).quantity == 29


def take(subscription, actor, quantity, shown):
    return do_or_ask(
        TAKE_SEATS, subscription, actor=actor, quantity=quantity, shown=shown
    )


def test_many_seats_in_small_steps_wait_too(agent, second, subscription):
    take(subscription, agent, 44, 50)
    with clock.at(NOON + 3 * DAY):
        asked = take(subscription, second, 39, 44)
        assert "from 44 to 39, at once." in asked.sentence
        assert stored(subscription).quantity == 44


def test_steps_count_anew_when_a_second_person_has_approved(
    agent, second, subscription
):
    take(subscription, agent, 41, 50)
    with clock.at(NOON + DAY):
        approve(take(subscription, agent, 30, 41), actor=second)
    with clock.at(NOON + 2 * DAY):
        take(subscription, agent, 22, 30)
        assert stored(subscription).quantity == 22
        take(subscription, agent, 19, 22)
    assert stored(subscription).quantity == 22
    assert Approval.objects.filter(outcome="waiting").count() == 1


def test_steps_before_the_window_and_renewals_do_not_count(agent, subscription):
    end = subscription.commitment_ends_at
    lifecycle.schedule_change(
        subscription, actor=agent, quantity=30, offer=subscription.offer
    )
    with clock.at(end + DAY / 24):
        take(stored(subscription), agent, 20, 30)
    assert stored(subscription).quantity == 20
    with clock.at(end + 7 * DAY - DAY / 24):  # within the window of that one
        asked = take(stored(subscription), agent, 19, 20)
    assert stored(subscription).quantity == 20
    withdrawing = end + 7 * DAY - DAY / 48
    with clock.at(withdrawing):
        withdraw(asked, actor=agent)
        lifecycle.change_seats(stored(subscription), actor=agent, quantity=40, shown=20)
    with clock.at(end + 8 * DAY):
        take(stored(subscription), agent, 30, 40)
    assert stored(subscription).quantity == 30


def test_something_else_is_refused_while_a_request_waits(agent, second, subscription):
    asked = take(subscription, agent, 10, 50)
    with refused("approval_waiting") as caught:
        take(subscription, second, 20, 50)
    [sentence] = caught.value.messages
    assert str(agent.user) in sentence
    assert "2 Mar 2026" in sentence
    assert asked.sentence in sentence
    with unchanged():
        assert take(subscription, second, 10, 50) == asked


def test_who_asked_withdraws_and_asks_for_something_else(agent, second, subscription):
    asked = take(subscription, agent, 10, 50)
    with clock.at(NOON + DAY / 2), operations() as told:
        withdraw(asked, actor=agent)
    kept = stored(asked)
    assert (kept.outcome, kept.decided_by) == (ApprovalOutcome.WITHDRAWN, None)
    assert told == [Operation.WITHDRAW_APPROVAL]
    for decide in (approve, withdraw):
        with denied(TransitionNotAllowed) as caught:
            decide(asked, actor=second)
        assert str(caught.value) == "Nothing waits any more: withdrawn."
    assert take(subscription, agent, 20, 50) != asked


def test_nobody_else_withdraws(agent, second, asked):
    rival = stories.staff(role="admin_agent")
    with refused("asker"):
        withdraw(asked, actor=second)
    with denied(PermissionDenied):
        withdraw(asked, actor=rival)


def test_sentence_says_what_becomes_of_a_scheduled_change(agent, subscription):
    lifecycle.schedule_change(
        subscription, actor=agent, quantity=30, offer=subscription.offer
    )
    asked = take(subscription, agent, 10, 50)
    assert asked.sentence.endswith(
        f"What is scheduled for the renewal is dropped: 30 × {subscription.offer}."
    )


def test_approval_is_refused_when_the_seats_moved_meanwhile(
    agent, second, subscription
):
    asked = do_or_ask(TAKE_SEATS, subscription, actor=agent, quantity=10, shown=50)
    lifecycle.change_seats(subscription, actor=agent, quantity=55, shown=50)
    with denied(TransitionNotAllowed) as caught:
        approve(asked, actor=second)
    assert caught.value.code == "seats_changed_meanwhile"


def test_no_service_does_it_alone_or_with_anothers_approval(
    agent, second, admin, subscription, asked
):
    with refused("second_person"):
        lifecycle.cancel(subscription, actor=agent)
    with refused("second_person"):
        lifecycle.cancel(subscription, actor=agent, approval=asked)
    with refused("second_person"):
        lifecycle.change_seats(
            subscription, actor=second, quantity=1, shown=50, approval=asked
        )
    other = stories.csp_subscription(agent, admin.customer)
    with refused("second_person"):
        lifecycle.cancel(other, actor=second, approval=asked)
    lifecycle.suspend(subscription, actor=agent)
    lifecycle.suspend(other, actor=agent)
    with refused("second_person"):
        end_relationship(admin.customer.active_relationship, actor=agent, reason="x")


def test_nobody_is_asked_when_the_partner_wants_no_second_person(agent, subscription):
    agent.partner.needs_second_person = False
    agent.partner.save()
    row = Subscription.objects.get(pk=subscription.pk)
    assert do_or_ask(CANCEL, row, actor=agent).status == "deleted"
    assert not Approval.objects.exists()


def test_what_was_asked_for_never_changes(asked):
    rows = Approval.objects.filter(pk=asked.pk)
    for values in ({"arguments": {"quantity": 1}}, {"sentence": "Another."}):
        with unchanged(), pytest.raises(ValidationError) as caught:
            rows.update(**values)
        assert caught.value.code == APPROVAL_STAYS_AS_ASKED.name
    with unchanged(), refused_by_guard(APPROVAL_STAYS_AS_ASKED):
        Approval._base_manager.filter(pk=asked.pk).delete()


def test_decision_never_changes(second, asked):
    refuse(asked, actor=second, reason="x")
    rows = Approval.objects.filter(pk=asked.pk)
    with unchanged(), pytest.raises(ValidationError) as caught:
        rows.update(outcome="waiting", decided_by=None, decided_at=None)
    assert caught.value.code == APPROVAL_STAYS_AS_ASKED.name


def test_address_is_its_page(asked):
    assert (
        asked.get_absolute_url() == f"/admin/relationships/approval/{asked.pk}/change/"
    )
