import socket

import pytest
from django.core import mail as outbox
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from portal.foundation import clock
from relationships.enums import EmailStatus, InvitationStatus, SentHow
from relationships.models import Invitation, OutgoingEmail
from relationships.services import invitations, mail

from .. import stories
from ..factories import PartnerFactory
from .support import DAY, NOON, refused

ADDRESS = "ann@contoso.example"


class BrokenBackend(BaseEmailBackend):
    """Fails in a way that no mail server does."""

    def send_messages(self, messages):
        raise LookupError("no such codec")


@pytest.fixture
def sales():
    partner = PartnerFactory(name="Fabrikam", contact_email="hello@fabrikam.example")
    return stories.staff(partner)


@pytest.fixture
def silent_port():
    """A port on this machine behind which nobody answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def send(sales, how=SentHow.PORTAL, **values):
    draft = stories.invitation(sales, **{"recipient_email": ADDRESS, **values})
    return invitations.send_invitation(draft, actor=sales, how=how)


@pytest.mark.django_db
def test_portal_sends_one_message_with_the_link_and_the_partners_address(
    sales, django_capture_on_commit_callbacks
):
    with clock.at(NOON), django_capture_on_commit_callbacks(execute=True):
        sent = send(sales)
        assert outbox.outbox == []
    (message,) = outbox.outbox
    assert message.to == [ADDRESS]
    assert message.cc == message.bcc == []
    assert message.reply_to == ["hello@fabrikam.example"]
    assert message.from_email == "Fabrikam <portal@example.com>"
    assert message.subject == sent.subject
    assert sent.url in message.body
    assert mail.expiry_text(sent) in message.body
    assert mail.LINK not in message.body
    stored = Invitation.objects.get(pk=sent.pk)
    assert stored.status == InvitationStatus.SENT
    assert (stored.sent_at, stored.sent_how) == (NOON, SentHow.PORTAL)


@pytest.mark.django_db
def test_stored_email_holds_no_link_and_tells_its_fate(
    sales, django_capture_on_commit_callbacks
):
    with clock.at(NOON), django_capture_on_commit_callbacks(execute=True):
        sent = send(sales)
        queued = OutgoingEmail.objects.get()
        assert queued.status == EmailStatus.QUEUED
    email = OutgoingEmail.objects.get()
    assert email.invitation == sent
    assert email.status == EmailStatus.SENT
    assert email.sent_at is not None
    assert email.queued_at == NOON
    assert sent.url not in email.text
    assert mail.LINK in email.text
    assert str(email) == f"{sent.subject} ({ADDRESS})"


@pytest.mark.django_db
def test_each_recipient_gets_a_message_of_its_own(
    sales, django_capture_on_commit_callbacks
):
    addresses = ["ann@contoso.example", "bob@wingtip.example"]
    with django_capture_on_commit_callbacks(execute=True):
        sent = [send(sales, recipient_email=address) for address in addresses]
    assert [message.to for message in outbox.outbox] == [[a] for a in addresses]
    for invitation, message in zip(sent, outbox.outbox, strict=True):
        assert invitation.url in message.body


@pytest.mark.django_db
def test_message_is_not_sent_again_when_delivered_twice(
    sales, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        send(sales)
        mail.deliver.enqueue(OutgoingEmail.objects.get().pk)
    assert len(outbox.outbox) == 1


@pytest.mark.django_db
def test_marking_as_sent_sends_nothing(sales, django_capture_on_commit_callbacks):
    with clock.at(NOON), django_capture_on_commit_callbacks(execute=True):
        sent = send(sales, how=SentHow.BY_HAND)
    assert (sent.sent_at, sent.sent_how) == (NOON, SentHow.BY_HAND)
    assert outbox.outbox == []
    assert not OutgoingEmail.objects.exists()


@pytest.mark.django_db
def test_sending_again_tells_the_latest_way_only_when_the_portal_sends(sales):
    with clock.at(NOON):
        sent = send(sales, how=SentHow.PORTAL)
    with clock.at(NOON + DAY):
        again = invitations.send_invitation(sent, actor=sales, how=SentHow.BY_HAND)
        assert (again.sent_at, again.sent_how) == (NOON, SentHow.PORTAL)
        again = invitations.send_invitation(sent, actor=sales, how=SentHow.PORTAL)
        assert (again.sent_at, again.sent_how) == (NOON + DAY, SentHow.PORTAL)


@pytest.mark.django_db
def test_sending_is_refused_when_there_is_no_address(sales):
    draft = stories.invitation(sales)
    with refused("recipient"):
        invitations.send_invitation(draft, actor=sales, how=SentHow.PORTAL)


@pytest.mark.django_db
def test_invitation_stays_sent_and_email_waits_when_no_server_answers(
    sales, settings, silent_port, django_capture_on_commit_callbacks
):
    settings.EMAIL_BACKEND = "portal.foundation.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", silent_port
    with django_capture_on_commit_callbacks(execute=True):
        sent = send(sales)
    email = OutgoingEmail.objects.get()
    assert Invitation.objects.get(pk=sent.pk).status == InvitationStatus.SENT
    assert email.status == EmailStatus.RETRYING
    assert "refused" in email.error.lower()
    assert email.sent_at is None


@pytest.mark.django_db(transaction=True)
def test_commit_holds_and_email_waits_when_sending_breaks(sales, settings):
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    sent = send(sales)
    assert Invitation.objects.get(pk=sent.pk).status == InvitationStatus.SENT
    email = OutgoingEmail.objects.get()
    assert (email.status, email.error) == (EmailStatus.RETRYING, "no such codec")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_when_the_transaction_rolls_back(sales):
    draft = stories.invitation(sales, recipient_email=ADDRESS)
    with transaction.atomic():
        invitations.send_invitation(draft, actor=sales)
        assert OutgoingEmail.objects.exists()
        transaction.set_rollback(True)
    assert outbox.outbox == []
    assert not OutgoingEmail.objects.exists()
    assert Invitation.objects.get().status == InvitationStatus.DRAFT


@pytest.mark.django_db
def test_message_without_an_invitation_is_sent_as_it_stands(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True):
        mail.enqueue(ADDRESS, "Hello", f"A {mail.LINK}")
    (message,) = outbox.outbox
    assert message.body == f"A {mail.LINK}"
    assert message.reply_to == []


@pytest.mark.django_db
def test_message_without_a_recipient_is_not_queued():
    assert mail.enqueue("", "Hello", "text") is None
    assert not OutgoingEmail.objects.exists()
