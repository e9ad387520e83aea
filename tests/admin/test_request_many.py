"""Many invitations at once: list, preview, *Create*, and the page of the links."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django_tasks import TaskResultStatus as Status

from portal.foundation import clock
from portal.jobs import running
from portal.jobs.models import Job
from relationships.models import ActivityRecord, Invitation, InvitationBatch

from .. import stories
from ..factories import PartnerFactory
from .office import desk, everything, text, url

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

REFRESHES = '<noscript><meta http-equiv="refresh"'
MANY = "/admin/request-reseller-relationship/many/"
LIST = """\
=Ada;ada@contoso.example;;C-1
;it@zebrano-other.example
bad
ada@contoso.example
"""


def form(**values):
    day = (clock.now() + timedelta(days=7)).date()
    return {"text": LIST, "expires_on": str(day), **values}


def preview(client, **values):
    return client.post(MANY, form(**values))


def hidden(answer):
    return dict(answer.context["hidden"])


def test_preview_marks_each_line_and_creates_nothing(office, sales):
    before = everything()
    answer = preview(sales)
    assert [(line.address, line.mark) for _badge, line in answer.context["lines"]] == [
        ("ada@contoso.example", "good"),
        ("it@zebrano-other.example", "invited"),
        ("bad", "bad"),
        ("ada@contoso.example", "double"),
    ]
    page = text(answer)
    assert "Create 1 invitation" in page
    assert "Nothing is created yet" in page
    assert everything() == before


def test_file_is_read_in_the_encoding_of_spreadsheets(sales):
    content = "Müller;m@contoso.example".encode("cp1252")
    file = SimpleUploadedFile("list.csv", content)
    [(_badge, line)] = preview(sales, text="", file=file).context["lines"]
    assert (line.name, line.mark) == ("Müller", "good")


def test_file_is_refused_when_it_is_too_large(sales):
    file = SimpleUploadedFile("list.csv", b"a@x.example\n" * 200_000)
    assert "The file is too large." in text(preview(sales, text="", file=file))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"text": ""}, "Give at least one address."),
        ({"text": "a@x.example\n" * 1001}, "1001 lines are too many"),
        ({"expires_on": "2020-01-01"}, "has to expire in the future"),
        ({"expires_on": "never"}, "Enter a valid date"),
    ],
)
def test_list_is_refused_beside_the_field(sales, values, said):
    before = everything()
    for more in ({}, {"create": "1"}):
        assert said in text(preview(sales, **values, **more))
    assert everything() == before


def test_list_is_shown_again_to_be_changed(sales):
    data = hidden(preview(sales))
    answer = sales.post(MANY, {**data, "change": "1"})
    assert "ada@contoso.example" in answer.context["form"]["text"].value()
    assert answer.context["form"]["request_key"].value() == data["request_key"]


def created(client, **values):
    data = {**hidden(preview(client, **values)), "create": "1"}
    return client.post(MANY, data, follow=True), data


def test_create_makes_a_batch_once_and_its_page_shows_the_links(office, sales):
    earlier = set(Invitation.objects.values_list("pk", flat=True))
    answer, data = created(sales)
    batch = InvitationBatch.objects.get(rows__recipient_email="ada@contoso.example")
    page = text(answer)
    assert "The invitations are being created" in page
    assert "0 of 1 lines" in page
    assert "Waiting" in page
    assert "progress.js" in page
    assert REFRESHES in page
    again = sales.post(MANY, data)
    assert again.url == batch.get_absolute_url()
    running.run_waiting("test")
    [invitation] = Invitation.objects.exclude(pk__in=earlier)
    page = text(sales.get(url(batch)))
    assert "1 invitation created" in page
    assert "progress.js" not in page
    assert REFRESHES not in page
    assert invitation.url in page
    assert "Nothing was sent" in page


def test_links_are_exported_and_no_cell_is_a_formula(office, sales):
    created(sales, sends="on")
    running.run_waiting("test")
    batch = InvitationBatch.objects.get(rows__recipient_email="ada@contoso.example")
    answer = sales.get(url(batch, "links"))
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(content))
    invitation = batch.rows.get().invitation
    assert (row["Name"], row["Link"], row["Status"]) == (
        "'=Ada",
        invitation.url,
        "Sent",
    )
    record = ActivityRecord.objects.get(operation="export")
    assert record.new_value == {"list": "links"}
    assert "The portal sends each its e-mail." in text(sales.get(url(batch)))


def test_page_says_why_a_line_was_refused(office, sales):
    created(sales)
    stories.invitation(office.staff, recipient_email="ada@contoso.example")
    running.run_waiting("test")
    batch = InvitationBatch.objects.get(rows__recipient_email="ada@contoso.example")
    page = text(sales.get(url(batch)))
    assert "1 line refused" in page
    assert "has an open invitation already" in page
    content = b"".join(sales.get(url(batch, "links")).streaming_content).decode()
    assert "has an open invitation already" in content


def test_nothing_is_created_when_nobody_can_be_invited_any_more(office, sales):
    data = {**hidden(preview(sales)), "create": "1"}
    stories.invitation(office.staff, recipient_email="ada@contoso.example")
    before = everything()
    answer = sales.post(MANY, data)
    assert "Nobody of this list can be invited." in text(answer)
    assert everything() == before


def test_preview_tells_nothing_of_another_partners_customers(office, other):
    client = desk(other.staff)
    domain = office.customer.primary_domain
    rows = f"a@{domain}\nit@zebrano-other.example\n"
    lines = preview(client, text=rows).context["lines"]
    assert [line.mark for _badge, line in lines] == ["good", "good"]


def test_list_is_refused_to_advisors_and_to_whoever_may_not_invite(office):
    advisor = PartnerFactory(is_csp_transacting=False, is_advisor=True)
    for actor in (stories.staff(advisor), office.actor("helpdesk_agent")):
        client = desk(actor)
        before = everything()
        assert client.get(MANY).status_code == 403
        assert preview(client, create="1").status_code == 403
        assert everything() == before


def test_page_of_a_list_that_stopped_says_why_and_goes_on(office, sales):
    created(sales)
    batch = InvitationBatch.objects.get(rows__recipient_email="ada@contoso.example")
    jobs = Job.objects.filter(pk=batch.job_id)
    jobs.update(status=Status.FAILED, reason="The database is full.")
    page = text(sales.get(url(batch)))
    assert "The database is full." in page
    assert REFRESHES not in page
    page = text(sales.post(url(batch, "go-on"), follow=True))
    assert REFRESHES in page
    assert "Stopped" not in page
