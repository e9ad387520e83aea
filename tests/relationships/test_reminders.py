"""Reminders of invitations, by time and by hand."""

import pytest
from django.core.exceptions import PermissionDenied

from portal.foundation import clock
from portal.jobs import running
from relationships.actors import Actor
from relationships.enums import EmailStatus, Operation, SentHow
from relationships.exceptions import TransitionNotAllowed
from relationships.jobs import send_reminders
from relationships.models import ActivityRecord, Invitation, OutgoingEmail
from relationships.services import invitations, reminders

from .. import stories
from ..factories import PartnerFactory
from .support import DAY, NOON, denied, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

ANN = "ann@contoso.example"


@pytest.fixture(autouse=True)
def _settings(settings):
    settings.REMINDER_DAYS = [3, 10]


@pytest.fixture
def sales():
    return stories.staff(PartnerFactory(name="Fabrikam"))


def deliver():
    running.run_waiting("test")


@pytest.fixture
def sent(sales):
    """By the portal, at noon, and taken by the mail server."""
    with clock.at(NOON):
        draft = stories.invitation(sales, recipient_email=ANN, reference="North")
        invitation = invitations.send_invitation(draft, actor=sales)
        deliver()
    return invitation


def reminders_after(*days):
    """How many go out at each of these days after noon."""
    counts = []
    for number in days:
        with clock.at(NOON + number * DAY):
            counts.append(reminders.send_due())
            deliver()
    return counts


def letters():
    return list(OutgoingEmail.objects.filter(subject__startswith="Reminder: "))


def test_recipient_is_reminded_after_three_and_ten_days_and_never_again(sent):
    assert reminders_after(0, 2.99, 3, 3.1, 9.9, 10, 10.5, 25) == [
        *(0, 0, 1, 0, 0, 1, 0, 0)
    ]
    assert [letter.recipient for letter in letters()] == [ANN, ANN]
    sent.refresh_from_db()
    assert (sent.reminders_sent, sent.reminded_at) == (2, NOON + 10 * DAY)
    assert (sent.sent_at, sent.status) == (NOON, "sent")


def test_reminder_has_the_text_the_link_and_the_partners_address(sent, mailoutbox):
    mailoutbox.clear()
    reminders_after(3)
    [message] = mailoutbox
    assert message.subject == f"Reminder: {sent.subject}"
    assert message.from_email == "Fabrikam <portal@example.com>"
    assert message.reply_to == [sent.partner.contact_email]
    assert sent.url in message.body
    assert "On 2 March 2026 Fabrikam sent you this invitation." in message.body
    assert sent.url in message.alternatives[0].content
    assert sent.url not in letters()[0].text


def test_each_reminder_is_in_the_log(sent, sales):
    reminders_after(3, 10)
    told = ActivityRecord.objects.filter(operation=Operation.REMIND).order_by("pk")
    assert [record.new_value for record in told] == [
        {"reminders_sent": 1},
        {"reminders_sent": 2},
    ]
    assert {record.actor_role for record in told} == {"clock"}
    assert ANN not in str(list(told.values()))


def test_missed_reminders_are_not_made_up_for(sent):
    assert reminders_after(12, 13) == [1, 0]
    sent.refresh_from_db()
    assert sent.reminders_sent == 2


def test_reminding_goes_on_while_nobody_has_answered(sent):
    with clock.at(NOON + DAY):
        invitations.sign_in_to_invitation(sent, actor=stories.tenant())
    assert reminders_after(3) == [1]


@pytest.mark.parametrize("end", ["accept", "decline", "withdraw", "renew", "expire"])
def test_reminding_stops(sent, sales, end):
    admin = stories.tenant()
    with clock.at(NOON + DAY):
        if end in {"accept", "decline"}:
            invitations.sign_in_to_invitation(sent, actor=admin)
        if end == "accept":
            invitations.accept_invitation(sent, actor=admin, agreed=True)
        elif end == "decline":
            invitations.decline_invitation(sent, actor=admin)
        elif end == "withdraw":
            invitations.withdraw_invitation(sent, actor=sales)
        elif end == "renew":
            invitations.renew_invitation(sent, actor=sales)
        else:
            Invitation.objects.filter(pk=sent.pk).update(expires_at=NOON + 2 * DAY)
    assert reminders_after(3, 10) == [0, 0]
    assert letters() == []


def test_nobody_is_reminded_of_what_is_answered_in_the_middle(sent, sales):
    def withdraw(done, total):
        invitations.withdraw_invitation(sent, actor=sales)

    with clock.at(NOON + 3 * DAY):
        assert reminders.send_due(withdraw) == 0
    assert letters() == []


def test_only_who_was_written_to_from_here_is_reminded(sales):
    with clock.at(NOON):
        stories.invitation(sales, recipient_email="draft@contoso.example")
        stories.sent_invitation(sales, recipient_email="hand@contoso.example")
        opened = stories.invitation(sales, recipient_email="opened@contoso.example")
        invitations.open_invitation(opened, actor=Actor.visitor())
    assert reminders_after(3) == [0]


@pytest.mark.parametrize(
    ("status", "count"),
    [
        (EmailStatus.SENT, 1),
        (EmailStatus.UNCERTAIN, 1),
        (EmailStatus.RETRYING, 0),
        (EmailStatus.REFUSED, 0),
        (EmailStatus.GIVEN_UP, 0),
    ],
)
def test_nobody_is_reminded_of_what_never_arrived(sent, status, count):
    OutgoingEmail.objects.update(status=status)
    assert reminders_after(3) == [count]


def test_reminders_begin_anew_when_it_is_sent_again(sent, sales):
    assert reminders_after(3) == [1]
    with clock.at(NOON + 5 * DAY):
        invitations.send_invitation(sent, actor=sales)
        deliver()
    assert reminders_after(6, 8, 10, 15) == [0, 1, 0, 1]


def test_no_reminders_where_the_setting_is_empty(sent, settings):
    settings.REMINDER_DAYS = []
    assert reminders_after(3, 20) == [0, 0]


def test_job_reminds_and_shows_how_far_it_is(sent, sales):
    with clock.at(NOON):
        for name in "bcd":
            draft = stories.invitation(sales, recipient_email=f"{name}@x.example")
            invitations.send_invitation(draft, actor=sales)
        deliver()
    with clock.at(NOON + 3 * DAY):
        send_reminders.enqueue()
        deliver()
    assert len(letters()) == 4


class TestByHand:
    def test_it_is_sent_at_once_and_takes_the_place_of_the_next(self, sent, sales):
        with clock.at(NOON + DAY):
            reminders.remind(sent, actor=sales)
        assert len(letters()) == 1
        told = ActivityRecord.objects.get(operation=Operation.REMIND)
        assert told.actor == sales.user
        assert reminders_after(3, 10) == [0, 1]

    def test_it_is_refused_when_it_was_not_sent_from_here(self, sales):
        by_hand = stories.sent_invitation(sales, recipient_email=ANN)
        assert not reminders.can_remind(by_hand)
        with denied(TransitionNotAllowed) as refusal:
            reminders.remind(by_hand, actor=sales)
        assert "sent from here" in str(refusal.value)

    def test_it_is_refused_when_it_was_answered(self, sent, sales):
        with clock.at(NOON + DAY):
            invitations.withdraw_invitation(sent, actor=sales)
            with denied(TransitionNotAllowed) as refusal:
                reminders.remind(sent, actor=sales)
        assert "withdrawn" in str(refusal.value)

    def test_it_is_denied_to_others(self, sent, sales):
        helpdesk = stories.staff(sales.partner, "helpdesk_agent")
        for actor in (helpdesk, stories.staff(), stories.tenant()):
            with clock.at(NOON + DAY), unchanged(), pytest.raises(PermissionDenied):
                reminders.remind(sent, actor=actor)


def test_sending_by_hand_leaves_the_count_of_reminders(sent, sales):
    reminders_after(3)
    with clock.at(NOON + 4 * DAY):
        invitations.send_invitation(sent, actor=sales, how=SentHow.BY_HAND)
    sent.refresh_from_db()
    assert sent.reminders_sent == 1
