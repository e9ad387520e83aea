"""Who hears of an e-mail that did not arrive, and of a webhook that does not answer."""

import uuid
from datetime import timedelta

import pytest
from django.db import connections
from django_tasks import TaskResultStatus as Status

from portal.foundation import clock
from portal.jobs import running
from portal.jobs.models import NO_DELAY, Job
from relationships.enums import EmailStatus, NoticeKind, SentHow
from relationships.models import (
    Notice,
    OutgoingEmail,
    WebhookDelivery,
    WebhookEndpoint,
)
from relationships.services import endpoints, invitations, webhooks
from relationships.services.batches import create_batch
from relationships.services.recipients import Line

from .. import stories
from .support import DAY

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

ANN, BOB = "ann@contoso.example", "bob@wingtip.example"


def work():
    """What workers do now, as if every pause were over."""
    Job.objects.filter(status=Status.READY).update(run_after=NO_DELAY)
    running.run_waiting("test")


def sent(actor, address, **values):
    draft = stories.invitation(actor, recipient_email=address, **values)
    return invitations.send_invitation(draft, actor=actor, how=SentHow.PORTAL)


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("C-1", "Your invitation did not arrive: C-1"),
        ("", "Your invitation did not arrive"),
    ],
)
def test_who_asked_is_told_once_when_the_invitation_is_refused(
    running_server, sales, reference, sentence
):
    running_server.answers["RCPT", BOB] = f"550 5.1.1 <{BOB}>: nobody here"
    invitation = sent(sales, BOB, reference=reference)
    work()
    notice = Notice.objects.get()
    assert (notice.recipient, notice.kind) == (sales.user, NoticeKind.EMAIL_LOST)
    assert (str(notice), notice.path) == (sentence, invitation.get_absolute_url())
    letter = OutgoingEmail.objects.get(recipient=sales.user.email)
    assert letter.status == EmailStatus.SENT
    assert "550 5.1.1" in letter.text
    assert BOB not in letter.text + str(notice.data)
    work()
    assert Notice.objects.count() == 1


def test_who_asked_is_told_when_the_invitation_may_not_have_arrived(
    running_server, sales
):
    running_server.breaks_at = "DATA"
    invitation = sent(sales, ANN)
    work()
    assert invitation.emails.get(recipient=ANN).status == EmailStatus.UNCERTAIN
    assert Notice.objects.get().recipient == sales.user


def test_nobody_is_told_while_it_is_tried_again(server, sales):
    invitation = sent(sales, ANN)
    work()
    assert invitation.emails.get().status == EmailStatus.RETRYING
    assert not Notice.objects.exists()


def test_nobody_is_told_of_a_letter_that_is_no_invitation(running_server, sales):
    by = stories.tenant()
    running_server.answers["RCPT", by.user.email] = "550 nobody here"
    relationship = stories.relationship(sales, by)
    work()
    lost = OutgoingEmail.objects.get(status=EmailStatus.REFUSED)
    assert lost.invitation == relationship.invitation
    assert not Notice.objects.filter(kind=NoticeKind.EMAIL_LOST).exists()


def test_who_asked_is_told_once_of_a_list_in_which_many_are_refused(
    running_server, sales
):
    addresses = [f"{number}@list.example" for number in range(3)]
    for address in addresses[1:]:
        running_server.answers["RCPT", address] = "550 nobody here"
    batch = create_batch(
        [Line(number, "", address) for number, address in enumerate(addresses)],
        actor=sales,
        request_key=uuid.uuid4(),
        expires_at=clock.now() + 7 * DAY,
        sends=True,
    )
    work()
    notice = Notice.objects.get()
    assert str(notice) == "Not every e-mail of your list arrived"
    assert notice.path == batch.get_absolute_url()
    assert OutgoingEmail.objects.filter(status=EmailStatus.REFUSED).count() == 2


# Webhooks


@pytest.fixture
def _to_this_machine(settings):
    settings.WEBHOOKS_TO_LOOPBACK = True


def listen(agent, server):
    events = ["subscription-updated"]
    return endpoints.add_endpoint(actor=agent, url=server.url(), events=events)


@pytest.mark.usefixtures("_to_this_machine")
def test_administrators_are_told_once_a_day_of_a_webhook_that_gave_up(serve, agent):
    colleague, sales = stories.staff(agent.partner, "admin_agent"), stories.staff()
    endpoint = listen(agent, serve(500))
    with clock.at(clock.now() - timedelta(hours=1)):
        endpoints.send_test(endpoint, actor=agent)
    endpoints.send_test(endpoint, actor=agent)
    for _attempt in range(webhooks.deliver.attempts):
        assert not Notice.objects.exists()
        work()
    told = Notice.objects.all()
    assert {notice.recipient for notice in told} == {agent.user, colleague.user}
    assert len(told) == 2
    assert str(told[0]) == "Your webhook does not take what it is told: 127.0.0.1"
    assert told[0].path == endpoint.get_absolute_url()
    assert not Notice.objects.visible_to(sales).exists()


@pytest.mark.usefixtures("_to_this_machine")
def test_administrators_are_told_of_a_webhook_that_was_switched_off(serve, agent):
    endpoint = listen(agent, serve(410))
    endpoints.send_test(endpoint, actor=agent)
    work()
    endpoint.refresh_from_db()
    assert not endpoint.is_active
    sentence = "Your webhook was switched off: 127.0.0.1 says that it is gone"
    assert str(Notice.objects.get()) == sentence


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_to_this_machine")
def test_webhook_stays_on_when_its_address_was_changed_before_the_old_one_answered(
    serve, agent
):
    def change_and_go(_server, handler):
        try:
            endpoints.change_endpoint(
                WebhookEndpoint.objects.get(),
                actor=agent,
                url=new.url(),
                events=["subscription-updated"],
                is_active=True,
            )
        finally:
            connections.close_all()
        handler.send_response(410)
        handler.end_headers()

    new = serve(200)
    endpoint = listen(agent, serve(change_and_go))
    endpoints.send_test(endpoint, actor=agent)
    work()
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.url) == (True, new.url())
    assert WebhookDelivery.objects.get().state == "given_up"
    assert not Notice.objects.exists()
