"""What is kept of a delivery, and what is not: once it has left, once it has failed."""

import pytest
from django.db import connection
from django_tasks import TaskResultStatus as Status

from portal.jobs import running
from portal.jobs.models import Job
from portal.signin.jobs import send_link
from relationships.enums import EmailStatus
from relationships.jobs import settle_abandoned_emails
from relationships.models import OutgoingEmail
from relationships.services import mail

from .. import stories
from .test_delivery import ANN, BOB, deliver, fate, queue

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

TABLE = OutgoingEmail._meta.db_table
REFUSES = {
    "sqlite": [
        f"CREATE TRIGGER full_disk BEFORE UPDATE ON {TABLE} WHEN NEW.status = 'sent' "
        "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$",
        f"CREATE TRIGGER full_disk BEFORE UPDATE ON {TABLE} FOR EACH ROW "
        "WHEN (NEW.status = 'sent') EXECUTE FUNCTION full_disk()",
    ],
}
REFUSES_NO_MORE = {
    "sqlite": ["DROP TRIGGER full_disk"],
    "postgresql": [f"DROP TRIGGER full_disk ON {TABLE}", "DROP FUNCTION full_disk"],
}


def execute(statements):
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)


def own_lines(caplog):
    """Of the portal; the mail server of the test writes a log too."""
    records = [row for row in caplog.records if row.name != "mail.log"]
    assert records
    return "\n".join(row.getMessage() for row in records)


@pytest.mark.django_db(transaction=True)
def test_message_is_not_sent_twice_when_the_database_refuses_to_note_that_it_left(
    running_server,
):
    email = queue()
    execute(REFUSES)
    try:
        deliver()
        assert running_server.recipients == [ANN]
        assert fate(email) == (EmailStatus.SENDING, "")
        assert Job.objects.get().status == Status.READY
        deliver()
    finally:
        execute(REFUSES_NO_MORE)
    assert fate(email)[0] == EmailStatus.UNCERTAIN
    assert Job.objects.get().has_failed
    assert running_server.recipients == [ANN]


@pytest.mark.parametrize(
    ("step", "answer", "status"),
    [
        ("RCPT", "550 5.1.1 <{}>: nobody here", EmailStatus.REFUSED),
        ("DATA", "554 5.7.1 mail to {} is spam", EmailStatus.REFUSED),
        ("RCPT", "451 4.7.1 {}: come back later", EmailStatus.RETRYING),
    ],
)
def test_job_and_log_do_not_name_whom_the_server_refused(
    running_server, caplog, step, answer, status
):
    running_server.answers[step, BOB] = answer.format(BOB)
    email = queue(BOB)
    deliver()
    assert fate(email) == (status, answer.format(BOB))
    job = Job.objects.get()
    assert "[hidden]" in job.reason
    assert job.traceback
    assert "@" not in job.reason + job.traceback + own_lines(caplog)


def test_job_of_a_new_password_does_not_name_whom_the_server_refused(
    running_server, caplog
):
    user = stories.staff().user
    running_server.answers["RCPT", user.email] = (
        f"550 5.1.1 <{user.email}>: nobody here"
    )
    send_link.enqueue(user.pk, "en")
    deliver()
    job = Job.objects.get()
    assert job.reason == "550 5.1.1 <[hidden]>: nobody here"
    assert "@" not in job.reason + job.traceback + own_lines(caplog)


@pytest.fixture
def abandoned(settings):
    """Its worker died in the last attempt, and was found to be gone."""
    email = queue()
    settings.EMAIL_BACKEND = "tests.relationships.test_delivery.DyingBackend"
    Job.objects.update(attempt=mail.deliver.attempts - 1)
    with pytest.raises(SystemExit):
        running.run_waiting("first")
    return email


def test_email_may_have_been_sent_when_its_worker_died_in_the_last_attempt(abandoned):
    mail.settle_abandoned()
    assert fate(abandoned)[0] == EmailStatus.SENDING  # its worker may live yet
    running.take_back_lost()
    assert Job.objects.get().has_failed
    settle_abandoned_emails.enqueue()
    deliver()
    status, error = fate(abandoned)
    assert status == EmailStatus.UNCERTAIN
    assert error == "The worker was gone before the mail server's answer."
    assert Job.objects.get(task_path=mail.deliver.module_path).has_failed


def test_email_that_was_sent_or_waits_is_left_as_it_is(running_server):
    sent = queue()
    deliver()
    waiting = queue(BOB)
    mail.settle_abandoned()
    assert fate(sent) == (EmailStatus.SENT, "")
    assert fate(waiting) == (EmailStatus.QUEUED, "")


def test_email_stays_sent_when_its_job_ended_while_the_abandoned_were_looked_for(
    running_server,
):
    sent = queue()
    deliver()
    mail.settle(sent.pk)
    assert fate(sent) == (EmailStatus.SENT, "")
