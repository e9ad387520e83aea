"""What waits to be sent, and is not wanted any more when its turn comes."""

import pytest

from portal.foundation import clock
from portal.jobs.models import Job
from relationships.enums import EmailStatus, SentHow
from relationships.services import invitations, reminders
from relationships.services.tenants import anonymise_person

from .. import stories
from .support import DAY
from .test_delivery import (
    ANN,
    deliver,
    fate,
    queue,
)

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]


@pytest.fixture
def sent(sales):
    draft = stories.invitation(sales, recipient_email=ANN)
    return invitations.send_invitation(draft, actor=sales, how=SentHow.PORTAL)


def accept(invitation, sales):
    by = stories.tenant()
    invitations.sign_in_to_invitation(invitation, actor=by)
    invitations.accept_invitation(invitation, actor=by, agreed=True)


def withdraw(invitation, sales):
    invitations.withdraw_invitation(invitation, actor=sales)


def renew(invitation, sales):
    invitations.renew_invitation(invitation, actor=sales)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (accept, "The invitation is accepted."),
        (withdraw, "The invitation is withdrawn."),
        (renew, "Its link was renewed, and this one is dead."),
    ],
)
@pytest.mark.parametrize("tries_before", [0, 1])
def test_invitation_is_not_sent_when_it_is_not_open_by_that_link_any_more(
    server,
    sales,
    sent,
    change,
    why,
    tries_before,
):
    for _number in range(tries_before):
        deliver()
    change(sent, sales)
    server.start()
    deliver()
    email = sent.emails.get(recipient=ANN)
    assert fate(email) == (EmailStatus.NOT_SENT, why)
    assert email.attempts == tries_before
    assert ANN not in server.recipients
    assert not Job.objects.failed().exists()


def test_invitation_is_not_sent_when_it_has_expired(running_server, sent):
    with clock.at(sent.expires_at + DAY):
        deliver()
    assert fate(sent.emails.get())[0] == EmailStatus.NOT_SENT
    assert running_server.received == []


def test_renewed_link_is_sent_and_the_old_one_is_not(
    running_server,
    sales,
    sent,
):
    renewed = invitations.renew_invitation(sent, actor=sales)
    invitations.send_invitation(renewed, actor=sales, how=SentHow.PORTAL)
    deliver()
    [message] = running_server.received
    assert renewed.url in message.get_body(["plain"]).get_content()
    fates = {email.status for email in renewed.emails.all()}
    assert fates == {EmailStatus.SENT, EmailStatus.NOT_SENT}


def test_reminder_is_not_sent_when_the_answer_was_quicker(
    running_server,
    sales,
    sent,
):
    deliver()
    reminders.remind(sent, actor=sales)
    accept(sent, sales)
    deliver()
    reminder = sent.emails.get(subject__startswith="Reminder: ")
    assert fate(reminder)[0] == EmailStatus.NOT_SENT
    assert running_server.recipients.count(ANN) == 1


def test_staff_is_told_of_the_answer_although_the_invitation_is_closed(
    running_server,
    sales,
    sent,
):
    accept(sent, sales)
    deliver()
    assert sales.user.email in running_server.recipients


def test_nothing_is_sent_to_whoever_was_anonymised_meanwhile(
    running_server,
):
    person = stories.tenant().user
    email = queue(person.email)
    anonymise_person(person, actor=stories.operator(), reason="asked for it")
    deliver()
    deliver()
    assert running_server.received == []
    assert fate(email) == (EmailStatus.NOT_SENT, "Its text is not kept any more.")
