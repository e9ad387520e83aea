"""What people are told of, by two who tell it at the same instant."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from portal.foundation import clock
from relationships.enums import NoticeKind
from relationships.models import Notice, OutgoingEmail
from relationships.services import invitations, notices, reminders
from subscriptions.models import RenewalDecision
from subscriptions.services import renewals

from .. import stories
from .running import race, succeeded

pytestmark = pytest.mark.django_db(transaction=True)


def at(moment, act):
    with clock.at(moment):
        return act()


def test_each_is_reminded_once_by_two_at_once(sales):
    now = clock.now()
    with clock.at(now - timedelta(days=4)):
        for number in range(8):
            draft = stories.invitation(sales, recipient_email=f"p{number}@x.example")
            invitations.send_invitation(draft, actor=sales)
    outcomes = race(*[partial(at, now, reminders.send_due)] * 3)
    assert sum(succeeded(outcomes)) == 8
    letters = OutgoingEmail.objects.filter(subject__startswith="Reminder: ")
    told = Counter(letters.values_list("recipient", flat=True))
    assert told == {f"p{number}@x.example": 1 for number in range(8)}


def test_reminder_by_hand_and_by_time_follow_each_other(sales):
    now = clock.now()
    with clock.at(now - timedelta(days=4)):
        draft = stories.invitation(sales, recipient_email="ann@x.example")
        sent = invitations.send_invitation(draft, actor=sales)
    remind = partial(reminders.remind, sent, actor=sales)
    outcomes = race(partial(at, now, remind), partial(at, now, reminders.send_due))
    assert len(succeeded(outcomes)) == 2
    sent.refresh_from_db()
    letters = OutgoingEmail.objects.filter(subject__startswith="Reminder: ")
    assert sent.reminders_sent == letters.count() in {1, 2}


def test_digest_reaches_each_once_by_two_at_once(sales):
    admin = stories.tenant()
    stories.relationship(sales, admin)
    ends = [
        stories.csp_subscription(sales, admin.customer).commitment_ends_at
        for _number in range(3)
    ]
    moment = min(ends) - timedelta(days=5)
    outcomes = race(*[partial(at, moment, partial(renewals.ask, digest=1))] * 3)
    assert len(succeeded(outcomes)) == 3
    assert RenewalDecision.objects.count() == 3
    digests = Notice.objects.filter(kind=NoticeKind.RENEWALS_DUE)
    assert digests.count() == 1
    assert OutgoingEmail.objects.filter(subject__contains="to decide").count() == 1


def test_one_event_is_told_once_by_two_at_once(sales):
    message = notices.Message(NoticeKind.DECLINED, "1", "/", {"customer": "Contoso"})
    outcomes = race(*[partial(notices.tell, [sales], message)] * 3)
    assert sorted(outcomes) == [0, 0, 1]
    assert Notice.objects.count() == OutgoingEmail.objects.count() == 1
