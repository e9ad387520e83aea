"""Invitations of a list: asked for once, created by a job, each once."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django_tasks import TaskResultStatus as Status

from portal.foundation import clock
from portal.jobs import running
from portal.jobs.models import Job
from relationships.exceptions import TransitionNotAllowed
from relationships.models import (
    ActivityRecord,
    BatchRow,
    Invitation,
    InvitationBatch,
    OutgoingEmail,
)
from relationships.services import batches
from relationships.services.recipients import Line
from relationships.services.templates import save_template

from .. import stories
from ..factories import PartnerFactory
from .support import denied, operations, refused

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

LINES = [
    Line(1, "Ada", "ada@contoso.example", "contoso.example", "C-1"),
    Line(2, "Bob", "bob@wingtip.example"),
    Line(3, "", "no address"),
]


def create(actor, lines=LINES, **values):
    given = {
        "request_key": uuid.UUID(int=7),
        "expires_at": clock.now().replace(microsecond=0) + timedelta(days=20),
        "sends": False,
        **values,
    }
    return batches.create_batch(list(lines), actor=actor, **given)


def work():
    running.run_waiting("test")


def test_batch_has_those_who_can_be_invited_and_nothing_is_created_yet(sales):
    with operations() as done:
        batch = create(sales)
    assert done == ["create_invitation_batch"]
    assert [str(row) for row in batch.rows.all()] == ["Ada", "Bob"]
    assert not Invitation.objects.exists()
    record = ActivityRecord.objects.get()
    assert record.new_value == {"count": 2, "sends": False}
    assert str(batch) == f"{batch.created_at:%Y-%m-%d %H:%M} UTC"


def test_job_creates_each_invitation_with_what_its_line_says(sales):
    batch = create(sales)
    work()
    ada, bob = [row.invitation for row in batch.rows.select_related("invitation")]
    assert (ada.recipient_email, ada.customer_domain, ada.reference) == (
        "ada@contoso.example",
        "contoso.example",
        "C-1",
    )
    assert (bob.recipient_email, bob.reference, bob.status) == (
        "bob@wingtip.example",
        "",  # a person's name is not a reference
        "draft",
    )
    assert {ada.created_by, bob.created_by} == {sales.user}
    assert {ada.expires_at, bob.expires_at} == {batch.expires_at}
    assert not OutgoingEmail.objects.exists()
    job = Job.objects.get()
    assert (job.status, job.progress) == (Status.SUCCESSFUL, "2 of 2")


def test_each_is_called_by_the_name_that_the_list_has(sales):
    agent = stories.staff(sales.partner, "admin_agent")
    text = {"subject": "For you", "body": "Dear [[name]], [[link]]"}
    save_template(sales.partner, actor=agent, language="en", **text)
    batch = create(sales)
    work()
    bodies = batch.rows.values_list("invitation__body", flat=True)
    assert list(bodies) == ["Dear Ada, [[link]]", "Dear Bob, [[link]]"]


def test_invitations_are_in_the_language_that_was_chosen(sales):
    batch = create(sales, language="de")
    assert create(sales).pk != batch.pk
    work()
    bodies = batch.rows.values_list("invitation__language", "invitation__body")
    assert {language for language, _body in bodies} == {"de"}
    assert all("Guten Tag" in body for _language, body in bodies)


def stopped(batch):
    """As a job leaves it that failed at its last attempt."""
    jobs = Job.objects.filter(pk=batch.job_id)
    jobs.update(status=Status.FAILED, reason="The database is full.")
    return batch


def test_list_that_stopped_goes_on_once(sales):
    batch = stopped(create(sales))
    assert batch.has_stopped
    with operations() as done:
        batches.go_on(batch, actor=sales)
    assert done == ["run_job_again"]
    with denied(TransitionNotAllowed):
        batches.go_on(batch, actor=sales)
    work()
    assert Invitation.objects.count() == 2
    with denied(TransitionNotAllowed):
        batches.go_on(batch, actor=sales)


def test_list_goes_on_for_whoever_may_invite(sales):
    batch = stopped(create(sales))
    for actor in (stories.staff(sales.partner, "helpdesk_agent"), stories.staff()):
        with denied(PermissionDenied):
            batches.go_on(batch, actor=actor)


def test_portal_sends_each_its_own_link_when_it_is_asked_to(sales):
    create(sales, sends=True)
    work()
    assert set(Invitation.objects.values_list("status", "sent_how")) == {
        ("sent", "portal")
    }
    recipients = OutgoingEmail.objects.values_list("recipient", flat=True)
    assert sorted(recipients) == ["ada@contoso.example", "bob@wingtip.example"]


def test_second_click_gives_the_same_batch_also_after_it_was_created(sales):
    expires_at = clock.now() + timedelta(days=20)
    first = create(sales, expires_at=expires_at)
    assert create(sales, expires_at=expires_at) == first
    work()
    assert create(sales, expires_at=expires_at) == first
    work()
    assert (Invitation.objects.count(), Job.objects.count()) == (2, 1)


def test_changed_list_is_another_batch(sales):
    first = create(sales)
    second = create(sales, [*LINES, Line(4, "", "carl@x.example")])
    assert second != first
    work()
    assert Invitation.objects.count() == 3
    problems = second.rows.exclude(problem="").values_list("problem", flat=True)
    assert len(problems) == 2
    assert all("open invitation already" in problem for problem in problems)


def test_job_goes_on_where_it_was_and_creates_nothing_twice(sales):
    batch = create(sales)
    work()
    batches.invite_all.enqueue(str(batch.pk))
    work()
    assert Invitation.objects.count() == 2
    row = batch.rows.first()
    assert batches._create(row.pk, batch, actor=sales) == []


def test_line_says_why_when_its_customer_was_linked_meanwhile(sales):
    admin = stories.tenant()
    line = Line(1, "", f"ada@{admin.customer.primary_domain}")
    batch = create(sales, [line])
    stories.relationship(sales, admin)
    made = Invitation.objects.count()
    work()
    row = batch.rows.get()
    assert "already linked to you" in row.problem
    assert (row.invitation, Invitation.objects.count()) == (None, made)
    assert not batch.rows.waiting().exists()


@pytest.mark.parametrize("how", ["membership", "account"])
def test_nobody_is_invited_when_whoever_asked_has_left(sales, how):
    stories.staff(stories.staff().partner)  # other partners have staff too
    batch = create(sales)
    if how == "membership":
        sales.user.staff_memberships.all().delete()
        stories.StaffMembershipFactory(user=sales.user)
    else:
        sales.user.is_active = False
        sales.user.save()
    work()
    assert not Invitation.objects.exists()
    assert {row.problem for row in batch.rows.all()} == {
        "Whoever asked for it is no longer with the partner."
    }


def test_job_gives_up_when_its_list_is_not_there():
    batches.invite_all.enqueue(str(uuid.uuid4()))
    work()
    assert Job.objects.get().reason == "This list is not there any more."


def test_batch_is_refused_when_nobody_can_be_invited(sales):
    with refused("rows"):
        create(sales, [Line(1, "", "bad")])


def test_batch_is_refused_when_its_links_would_have_expired(sales):
    with refused("expiry"):
        create(sales, expires_at=clock.now())


@pytest.mark.parametrize("role", ["helpdesk_agent", "report_viewer"])
def test_batch_is_refused_to_whoever_may_not_invite(sales, role):
    actor = stories.staff(sales.partner, role)
    with denied(PermissionDenied):
        create(actor)


def test_batch_is_refused_to_an_advisor():
    actor = stories.staff(PartnerFactory(is_csp_transacting=False, is_advisor=True))
    with denied(PermissionDenied):
        create(actor)


def test_batch_is_seen_by_its_partner_alone(sales):
    batch = create(sales)
    seen = InvitationBatch.objects.visible_to
    assert list(seen(sales)) == [batch]
    for other in (stories.staff(), stories.tenant()):
        assert not seen(other).exists()
    assert batch.belongs_to(sales)
    counted = InvitationBatch.objects.with_counts().get()
    assert (counted.total, counted.waiting) == (2, 2)
    assert str(BatchRow(recipient_email="a@x.example")) == "a@x.example"
