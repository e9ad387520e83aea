"""A worker that is killed in what comes round by itself, or sends a password link."""

from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django_tasks import TaskResultStatus as Status

from portal.foundation import clock
from portal.jobs.jobs import clean_up
from portal.jobs.models import Job
from portal.reports.jobs import send_reports
from portal.reports.models import ReportEmail, ReportSubscription
from portal.signin.jobs import send_link
from relationships.enums import EmailStatus
from relationships.jobs import (
    forget_old_letters,
    forget_old_notices,
    settle_abandoned_emails,
    tell_of_expiring_memberships,
)
from relationships.models import Notice, OutgoingEmail

from .. import stories
from ..factories import PartnerFactory, StaffMembershipFactory, UserFactory
from .mail_server import MailServer
from .workers import eventually, jobs_are_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_workers]

COUNT = 40
LONG_AGO = timedelta(days=1000)


def killed_once(workers, condition, **environment):
    """Work by one who is killed when the condition holds, and by another."""
    first = workers.start(**environment)
    eventually(condition)
    first.kill()
    assert Job.objects.unfinished().exists()
    workers.start(**environment)
    eventually(jobs_are_over)
    assert not Job.objects.exclude(status=Status.SUCCESSFUL).exists()


def test_each_report_is_sent_once_when_the_worker_is_killed(workers):
    people = [stories.staff(role="admin_agent") for _number in range(COUNT)]
    ReportSubscription.objects.bulk_create(
        ReportSubscription(
            user=actor.user,
            partner=actor.partner,
            report="invitations",
            every="week",
            sent_for=clock.now().date() - LONG_AGO,
        )
        for actor in people
    )
    send_reports.enqueue()
    killed_once(workers, ReportEmail.objects.exists, EMAIL_URL="memorymail://")
    assert not ReportSubscription.objects.due().exists()
    emails = OutgoingEmail.objects.all()
    told = Counter(emails.values_list("recipient", flat=True))
    assert told == {actor.user.email: 1 for actor in people}
    assert {email.status for email in emails} == {EmailStatus.SENT}


def test_each_member_is_told_once_when_the_worker_is_killed(workers):
    partner = PartnerFactory()
    soon = clock.now() + timedelta(days=1)
    members = StaffMembershipFactory.create_batch(
        COUNT, partner=partner, expires_at=soon
    )
    tell_of_expiring_memberships.enqueue()
    killed_once(workers, Notice.objects.exists, EMAIL_URL="memorymail://")
    notices = Notice.objects.values_list("recipient", flat=True)
    assert Counter(notices) == {member.user_id: 1 for member in members}
    letters = OutgoingEmail.objects.values_list("recipient", flat=True)
    assert Counter(letters) == {member.user.email: 1 for member in members}


def test_person_gets_a_link_that_works_when_the_worker_is_killed(workers, client):
    server = MailServer()
    server.start()
    server.stalls_at = "DATA"  # it has the text, and has not said so
    user = UserFactory()
    send_link.enqueue(user.pk, "en")
    workers.start(EMAIL_URL=server.url).kill_when(server.came)
    server.stalls_at = ""
    workers.start(EMAIL_URL=server.url)
    eventually(jobs_are_over)
    server.stop()
    assert server.recipients == [user.email] * 2  # whichever of them it opens
    for letter in server.received:
        words = letter.get_body(("plain",)).get_content().split()
        [link] = [word for word in words if "/password/new/" in word]
        assert client.get(urlsplit(link).path).status_code == 302
    assert Job.objects.get().status == Status.SUCCESSFUL


def leave_behind(actor, moment):
    """Sessions, notices and e-mails of that time; a worker died while it sent some."""
    numbers = range(COUNT)
    Session.objects.bulk_create(
        Session(session_key=f"{moment:%Y}-{n}", expire_date=moment + timedelta(days=1))
        for n in numbers
    )
    Notice.objects.bulk_create(
        Notice(
            recipient=actor.user,
            partner=actor.partner,
            kind="import_finished",
            key=f"{moment} {n}",
            path="/",
            created_at=moment,
        )
        for n in numbers
    )
    OutgoingEmail.objects.bulk_create(
        OutgoingEmail(
            recipient=actor.email,
            subject="x",
            text="x",
            status=status,
            queued_at=moment,
        )
        for status in (EmailStatus.SENT, EmailStatus.SENDING)
        for n in numbers
    )


def test_what_is_old_goes_and_what_is_young_stays_when_the_worker_is_killed(workers):
    actor = stories.staff()
    for moment in (clock.now() - LONG_AGO, clock.now()):
        leave_behind(actor, moment)
    chores = (
        *(clean_up, forget_old_notices),
        *(settle_abandoned_emails, forget_old_letters),
    )
    for chore in chores:
        chore.enqueue()
    killed_once(workers, Job.objects.filter(status=Status.RUNNING).exists)
    assert Session.objects.count() == Notice.objects.count() == COUNT
    emails = OutgoingEmail.objects
    assert emails.filter(text="", status=EmailStatus.SENT).count() == COUNT
    assert emails.exclude(text="").filter(status=EmailStatus.SENT).count() == COUNT
    assert emails.filter(status=EmailStatus.UNCERTAIN).count() == COUNT * 2
    done = Job.objects.values_list("task_path", flat=True)
    assert Counter(done) == {chore.module_path: 1 for chore in chores}
