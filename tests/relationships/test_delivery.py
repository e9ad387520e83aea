"""E-mail over a real connection to a mail server that does not always do well."""

from datetime import timedelta

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django_tasks import TaskResultStatus as Status

from portal.jobs import running
from portal.jobs.defining import GiveUp, JobContext
from portal.jobs.models import NO_DELAY, Job
from relationships.enums import EmailStatus, SentHow
from relationships.models import OutgoingEmail
from relationships.services import invitations, jobs, mail

from .. import stories
from ..factories import PartnerFactory
from ..jobs.workers import eventually, team

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

ANN, BOB = "ann@contoso.example", "bob@wingtip.example"


class DyingBackend(BaseEmailBackend):
    """The process ends in the middle of sending."""

    def send_messages(self, messages):
        raise SystemExit


def queue(recipient=ANN, **values):
    email = mail.enqueue(recipient, "Hello", "Text", **values)
    assert email is not None
    return email


def deliver(*, at_once=True):
    """What a worker does now; `at_once`, as if every pause were over."""
    if at_once:
        Job.objects.unfinished().update(run_after=NO_DELAY)
    running.run_waiting("test")


def fate(email):
    email = OutgoingEmail.objects.get(pk=email.pk)
    return email.status, email.error


def run_again():
    running.run_again(Job.objects.get())
    deliver(at_once=False)


def test_invitation_arrives_in_text_and_html_under_the_partners_name(running_server):
    partner = PartnerFactory(
        name='Fabrikam "Cloud"\nGmbH', contact_email="hello@fabrikam.example"
    )
    sales = stories.staff(partner)
    draft = stories.invitation(sales, recipient_email=ANN)
    invitation = invitations.send_invitation(draft, actor=sales, how=SentHow.PORTAL)
    deliver()
    [message] = running_server.received
    [sender] = message["From"].addresses
    assert sender.display_name == 'Fabrikam "Cloud" GmbH'
    assert sender.addr_spec == "portal@example.com"
    assert message["Reply-To"] == "hello@fabrikam.example"
    assert message["To"] == ANN
    assert message["Subject"] == invitation.subject
    text = message.get_body(["plain"]).get_content()
    html = message.get_body(["html"]).get_content()
    assert invitation.url in text
    assert f'<a href="{invitation.url}"' in html
    assert "<p>" in html
    assert fate(invitation.emails.get()) == (EmailStatus.SENT, "")


def test_html_shows_what_somebody_typed_and_runs_none_of_it():
    email = queue()
    email.text = "<script>alert(1)</script>"
    message = mail.message_of(email)
    [(html, _type)] = message.alternatives
    assert "&lt;script&gt;" in html
    assert "<script" not in html


def test_portals_own_name_stands_where_no_partner_writes(settings):
    settings.DEFAULT_FROM_EMAIL = "Portal <portal@example.com>"
    assert mail.message_of(queue()).from_email == "Portal <portal@example.com>"


def test_message_has_the_same_id_at_each_attempt():
    first, second = queue(), queue(BOB)
    ids = [
        mail.message_of(email).message()["Message-ID"]
        for email in (first, first, second)
    ]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].endswith("@example.com>")


def test_message_arrives_once_when_the_server_was_down(server):
    email = queue()
    deliver()
    assert fate(email)[0] == EmailStatus.RETRYING
    job = Job.objects.get()
    assert (job.status, job.attempt) == (Status.READY, 1)
    deliver()
    assert Job.objects.get().attempt == 2
    server.start()
    deliver()
    assert fate(email) == (EmailStatus.SENT, "")
    deliver()
    assert server.recipients == [ANN]


def test_pauses_grow_and_outlast_an_hour_without_a_server():
    pauses = mail.deliver.pauses
    assert list(pauses) == sorted(set(pauses))
    assert sum(pauses, timedelta()) > timedelta(hours=8)


def test_message_is_given_up_after_the_last_attempt_and_sent_when_run_again(server):
    email = queue()
    for _number in range(mail.deliver.attempts):
        assert fate(email)[0] in {EmailStatus.QUEUED, EmailStatus.RETRYING}
        deliver()
    status, error = fate(email)
    assert status == EmailStatus.GIVEN_UP
    assert "refused" in error.lower()
    assert Job.objects.get().has_failed
    server.start()
    run_again()
    assert fate(email) == (EmailStatus.SENT, "")
    assert server.recipients == [ANN]


def test_one_of_two_recipients_is_refused_with_the_servers_answer(running_server):
    running_server.answers["RCPT", BOB] = "550 5.1.1 No such user"
    ann, bob = queue(ANN), queue(BOB)
    deliver()
    assert fate(ann) == (EmailStatus.SENT, "")
    assert fate(bob) == (EmailStatus.REFUSED, "550 5.1.1 No such user")
    deliver()
    assert running_server.recipients == [ANN]
    failed = Job.objects.get(status=Status.FAILED)
    assert failed.reason == "550 5.1.1 No such user"
    assert failed.attempt == 1


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_message_is_tried_again_when_the_server_says_later(running_server, step):
    running_server.answers[step, ANN] = "451 4.7.1 Come back later"
    email = queue()
    deliver()
    assert fate(email) == (EmailStatus.RETRYING, "451 4.7.1 Come back later")
    del running_server.answers[step, ANN]
    deliver()
    assert fate(email) == (EmailStatus.SENT, "")
    assert running_server.recipients == [ANN]


def test_message_is_refused_when_the_server_dislikes_its_text(running_server):
    running_server.answers["DATA", ANN] = "554 5.7.1 Looks like spam"
    email = queue()
    deliver()
    assert fate(email) == (EmailStatus.REFUSED, "554 5.7.1 Looks like spam")


def test_message_is_tried_again_when_the_connection_breaks_before_the_text(
    running_server,
):
    running_server.breaks_at = "RCPT"
    email = queue()
    deliver()
    assert fate(email)[0] == EmailStatus.RETRYING
    running_server.breaks_at = ""
    deliver()
    assert fate(email) == (EmailStatus.SENT, "")
    assert running_server.recipients == [ANN]


def test_message_may_have_been_sent_when_the_connection_breaks_after_the_text(
    running_server,
):
    running_server.breaks_at = "DATA"
    email = queue()
    deliver()
    status, error = fate(email)
    assert status == EmailStatus.UNCERTAIN
    assert "closed" in error
    running_server.breaks_at = ""
    deliver()
    assert running_server.recipients == [ANN]
    assert fate(email)[0] == EmailStatus.UNCERTAIN
    assert Job.objects.get().has_failed


@pytest.mark.parametrize(
    ("step", "status", "received"),
    [("RCPT", EmailStatus.RETRYING, []), ("DATA", EmailStatus.UNCERTAIN, [ANN])],
)
def test_slow_server_is_not_waited_for_for_ever(
    running_server, settings, step, status, received
):
    settings.EMAIL_TIMEOUT = 0.5
    running_server.stalls_at = step
    email = queue()
    deliver()
    assert fate(email)[0] == status
    assert "timed out" in fate(email)[1]
    assert running_server.recipients == received


def test_garbled_answer_after_the_text_leaves_it_uncertain(running_server):
    running_server.answers["DATA", ANN] = "??? what"
    email = queue()
    deliver()
    assert fate(email)[0] == EmailStatus.UNCERTAIN


def test_message_is_not_sent_again_by_itself_however_often_its_worker_dies(
    running_server, settings
):
    email = queue()
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.DyingBackend"
    with pytest.raises(SystemExit):
        running.run_waiting("first")
    settings.EMAIL_BACKEND = working
    assert fate(email)[0] == EmailStatus.SENDING
    running.take_back_lost()
    job = running.take_next("second")
    context = JobContext(task_result=job.task_result, job=job)
    with pytest.raises(GiveUp):  # and dies before that is noted
        mail.deliver.func(context, email.pk)
    running.take_back_lost()
    running.run_waiting("third")
    assert fate(email)[0] == EmailStatus.UNCERTAIN
    assert running_server.received == []
    job.refresh_from_db()
    assert (job.status, job.attempt) == (Status.FAILED, 3)
    assert job.reason.startswith("May have been sent: The worker was gone")


def test_delivery_gives_up_when_the_message_is_not_there_any_more():
    queue().delete()
    deliver()
    assert Job.objects.get().reason == "This e-mail is not there any more."


@pytest.mark.django_db(transaction=True)
class TestKilledWorker:
    @pytest.fixture
    def workers(self, tmp_path):
        with team(tmp_path) as started:
            yield started

    def over(self):
        return not Job.objects.filter(task_path=mail.deliver.module_path).exclude(
            status__in=[Status.SUCCESSFUL, Status.FAILED]
        )

    def test_message_may_have_been_sent_when_the_worker_dies_before_the_answer(
        self, workers, running_server
    ):
        running_server.stalls_at = "DATA"
        email = queue()
        workers.start(EMAIL_URL=running_server.url).kill_when(running_server.came)
        assert fate(email)[0] == EmailStatus.SENDING
        running_server.stalls_at = ""
        workers.start(EMAIL_URL=running_server.url)
        eventually(self.over)
        status, error = fate(email)
        assert status == EmailStatus.UNCERTAIN
        assert error == "The worker was gone before the mail server's answer."
        assert running_server.recipients == [ANN]
        job = Job.objects.get(task_path=mail.deliver.module_path)
        assert (job.status, job.attempt) == (Status.FAILED, 2)
        assert job.reason == f"May have been sent: {error}"
        jobs.run_again(job, actor=stories.operator())
        eventually(lambda: fate(email)[0] == EmailStatus.SENT)
        assert running_server.recipients == [ANN, ANN]

    def test_no_message_is_lost_or_sent_twice_when_a_worker_dies_among_many(
        self, workers, running_server
    ):
        addresses = [f"person{number:02}@contoso.example" for number in range(40)]
        with transaction.atomic():
            for address in addresses:
                queue(address)
        first = workers.start(EMAIL_URL=running_server.url)
        eventually(lambda: len(running_server.received) >= 5)
        first.kill()
        workers.start(EMAIL_URL=running_server.url)
        eventually(self.over)
        recipients = running_server.recipients
        assert len(recipients) == len(set(recipients))
        sent = OutgoingEmail.objects.filter(status=EmailStatus.SENT)
        uncertain = OutgoingEmail.objects.filter(status=EmailStatus.UNCERTAIN)
        assert sent.count() + uncertain.count() == len(addresses)
        assert uncertain.count() <= 1
        assert {email.recipient for email in sent} <= set(recipients)
