"""The outbox, and where else a person sees that an e-mail did not arrive."""

import csv
import io

import pytest

from portal.jobs import running
from relationships.enums import SentHow
from relationships.models import InvitationBatch, OutgoingEmail
from relationships.services import invitations
from relationships.services.batches import create_batch
from relationships.services.recipients import Line

from .. import stories
from ..jobs.mail_server import MailServer
from .office import Office, desk, list_url, text, url

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

GOOD, BAD = "good@contoso.example", "bad@wingtip.example"
ANSWER = "550 5.1.1 No such user"


@pytest.fixture
def mail_server(settings):
    server = MailServer()
    settings.EMAIL_BACKEND = "portal.foundation.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    server.answers["RCPT", BAD] = ANSWER
    server.start()
    yield server
    server.stop()


@pytest.fixture
def batch(office: Office, mail_server: MailServer) -> InvitationBatch:
    """Two were written to, and one of them is not there."""
    batch = create_batch(
        [Line(1, "", GOOD), Line(2, "", BAD)],
        actor=office.staff,
        request_key=office.rows["invitation"].pk,
        expires_at=office.rows["invitation"].expires_at,
        sends=True,
    )
    running.run_waiting("test")
    running.run_waiting("test")
    return batch


def rows_of(client, address):
    content = b"".join(client.get(address).streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_outbox_shows_what_the_mail_server_answered(office, batch):
    client, [row] = desk(office.staff), batch.rows.filter(recipient_email=BAD)
    address = list_url(OutgoingEmail)
    page = text(client.get(address, {"status__exact": "refused"}))
    assert BAD in page
    assert ANSWER in page
    assert GOOD not in page
    email = row.invitation.emails.get(recipient=BAD)
    page = client.get(url(email))
    assert ANSWER in text(page)
    assert row.invitation.get_absolute_url() in text(page)
    assert not page.context["has_change_permission"]
    assert email.attempts == 1


def test_outbox_shows_no_address_of_a_customers_people(office):
    invitation = office.rows["invitation"]
    by = stories.tenant()
    invitations.sign_in_to_invitation(invitation, actor=by)
    invitations.accept_invitation(invitation, actor=by, agreed=True)
    receipt = invitation.emails.get(recipient=by.user.email)
    client = desk(office.staff)
    assert by.user.email not in text(client.get(list_url(OutgoingEmail)))
    assert client.get(url(receipt)).status_code == 404
    assert by.user.email in text(desk(stories.operator()).get(list_url(OutgoingEmail)))


def test_refused_ones_are_found_among_the_invitations(office, batch):
    client, address = desk(office.staff), list_url(office.rows["invitation"])
    page = text(client.get(address, {"email": "refused"}))
    assert BAD in page
    assert GOOD not in page
    found = {
        row["Invitation"]: row["E-mail"] for row in rows_of(client, address + "export/")
    }
    assert (found[GOOD], found[BAD]) == ("Sent", "Refused")


def test_unknown_filter_of_the_invitations_shows_them_all(office, batch):
    client, address = desk(office.staff), list_url(office.rows["invitation"])
    assert BAD in text(client.get(address, {"email": "x"}))


def test_newest_email_counts_when_it_was_sent_again(office, batch, mail_server):
    del mail_server.answers["RCPT", BAD]
    invitation = batch.rows.get(recipient_email=BAD).invitation
    invitations.send_invitation(invitation, actor=office.staff, how=SentHow.PORTAL)
    running.run_waiting("test")
    address = list_url(invitation)
    page = text(desk(office.staff).get(address, {"email": "refused"}))
    assert BAD not in page


def test_page_and_file_of_a_list_tell_who_was_not_reached(office, batch):
    client = desk(office.staff)
    page = text(client.get(url(batch)))
    assert "1 e-mail may not have arrived" in page
    assert ANSWER in page
    good, bad = rows_of(client, url(batch, "links"))
    assert (good["E-mail"], good["Answer of the mail server"]) == ("Sent", "")
    assert (bad["E-mail"], bad["Answer of the mail server"]) == ("Refused", ANSWER)
