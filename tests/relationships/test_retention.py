"""What names people goes after its time; what became of it stays."""

import uuid

import pytest

from portal.foundation import clock
from relationships.enums import SentHow
from relationships.jobs import forget_old_letters
from relationships.models import (
    BatchRow,
    Invitation,
    InvitationBatch,
    OutgoingEmail,
    WebhookDelivery,
)
from relationships.services import endpoints, invitations, mail
from relationships.services.batches import create_batch
from relationships.services.recipients import Line

from .. import stories
from ..relationships.support import DAY, NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _days(settings):
    settings.EMAIL_TEXT_DAYS = settings.WEBHOOK_LOG_DAYS = settings.LIST_DAYS = 10


def forget_after(days):
    with clock.at(NOON + days * DAY):
        forget_old_letters.func(None)


def test_text_of_an_email_goes_and_its_fate_stays(
    agent, django_capture_on_commit_callbacks
):
    with clock.at(NOON), django_capture_on_commit_callbacks(execute=True):
        draft = stories.invitation(agent, recipient_email="ann@contoso.example")
        invitations.send_invitation(draft, actor=agent, how=SentHow.PORTAL)
    forget_after(9)
    email = OutgoingEmail.objects.get()
    assert (email.status, bool(email.text)) == ("sent", True)
    forget_after(11)
    email.refresh_from_db()
    assert (email.status, email.text) == ("sent", "")


def test_text_stays_while_the_email_is_on_its_way():
    with clock.at(NOON):
        email = mail.enqueue("ann@contoso.example", "Hello", "Text")
    forget_after(11)
    assert OutgoingEmail.objects.get(pk=email.pk).text == "Text"


def test_delivery_of_a_webhook_goes_and_the_webhook_stays(agent):
    with clock.at(NOON):
        endpoint = endpoints.add_endpoint(
            actor=agent, url="https://x.example/", events=["subscription-updated"]
        )
        endpoints.send_test(endpoint, actor=agent)
    forget_after(9)
    assert WebhookDelivery.objects.exists()
    forget_after(11)
    assert not WebhookDelivery.objects.exists()
    endpoint.refresh_from_db()
    assert endpoint.is_active


def test_list_goes_and_its_invitations_stay(agent, django_capture_on_commit_callbacks):
    with clock.at(NOON), django_capture_on_commit_callbacks(execute=True):
        create_batch(
            [Line(1, "Ann", "ann@contoso.example")],
            actor=agent,
            request_key=uuid.uuid4(),
            expires_at=NOON + DAY,
            sends=False,
        )
    forget_after(9)
    assert BatchRow.objects.get().invitation is not None
    forget_after(11)
    assert not InvitationBatch.objects.exists()
    assert not BatchRow.objects.exists()
    assert Invitation.objects.count() == 1
