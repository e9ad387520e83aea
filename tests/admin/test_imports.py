"""An import in the back office: upload, columns, preview, start, result."""

import csv

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django_tasks import TaskResultStatus as Status

from portal.jobs import running
from portal.jobs.models import Job
from relationships.models import Customer
from subscriptions.models import Import, PorCase, Subscription
from subscriptions.services.importing.background import record_in_background

from .. import stories
from ..factories import CustomerFactory
from .office import desk, everything, list_url, messages, text, url

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

REFRESHES = '<noscript><meta http-equiv="refresh"'
HEADER = "Microsoft ID,Subscription ID,Subscription,Quantity,Start date,Reseller"


@pytest.fixture
def customer() -> Customer:
    return CustomerFactory()


def line(customer, external_id="A-1", seats="25", start="", reseller=""):
    return f"{customer.tenant_id},{external_id},Office,{seats},{start},{reseller}"


def upload(client, *lines, header=HEADER, **data):
    content = "\n".join([header, *lines]).encode()
    file = SimpleUploadedFile("list.csv", content)
    data = {"file": file, "channel": "direct", **data}
    return client.post(list_url(Import, "add"), data, follow=True)


def choose(client, run, **changes):
    """The columns as they were guessed, but for these."""
    data = {**run.columns, **changes}
    return client.post(url(run, "columns"), data, follow=True)


def previewed(client, *lines, **data):
    upload(client, *lines, **data)
    run = Import.objects.latest("created_at")
    choose(client, run)
    running.run_waiting("one")
    run.refresh_from_db()
    return run


def jobs_that_record():
    return Job.objects.filter(task_path=record_in_background.module_path)


def started(client, run, **data):
    answer = client.post(url(run, "start"), data, follow=True)
    running.run_waiting("one")
    run.refresh_from_db()
    return answer


# Upload


def test_upload_leads_to_the_columns_as_the_header_tells(operator, customer):
    page = upload(operator, line(customer))
    run = Import.objects.get()
    assert page.redirect_chain[-1][0] == url(run, "columns")
    assert page.context["form"]["product_name"].value() == 2
    assert page.context["form"]["term"].value() is None
    assert "A-1" in text(page)
    assert operator.get(url(run), follow=True).redirect_chain[0][0].endswith("columns/")


def test_file_whose_header_says_nothing_is_mapped_by_hand(operator, customer):
    upload(operator, "Office,5", header="x,y", tenant=str(customer.tenant_id))
    run = Import.objects.get()
    assert run.columns == {}
    choose(operator, run, product_name=0, quantity=1)
    running.run_waiting("one")
    run.refresh_from_db()
    assert run.counts == {"new": 1}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"channel": "csp"}, "Select a valid choice"),
        ({"file": SimpleUploadedFile("x.xlsx", b"PK\x03\x04")}, "is damaged"),
        ({"file": SimpleUploadedFile("x.csv", b"a,b\n\x00")}, "neither a CSV nor"),
        ({"file": SimpleUploadedFile("x.csv", b"")}, "The submitted file is empty"),
        ({"tenant": "nobody.example"}, "Unknown tenant."),
    ],
)
def test_upload_is_refused_with_a_sentence(operator, customer, data, words):
    page = upload(operator, line(customer), **data)
    assert words in str(page.context["form"].errors)
    assert not Import.objects.exists()


def test_file_of_one_tenant_is_uploaded_from_its_page(operator, customer):
    page = text(operator.get(url(customer)))
    address = f"{list_url(Import, 'add')}?tenant={customer.tenant_id}"
    assert address in page
    assert str(customer.tenant_id) in text(operator.get(address))
    tenant = str(customer.tenant_id)
    upload(operator, "Office;5", header="Product;Seats", tenant=tenant, separator=";")
    assert Import.objects.get().customer == customer


# Columns and preview


def test_columns_are_corrected_and_the_preview_tells_each_row(operator, customer):
    stories.observation(customer, external_id="A-2", product_name="Office", quantity=25)
    stories.observation(customer, external_id="A-9", product_name="Forgotten")
    lines = [
        line(customer),
        line(customer, "A-2"),
        line(customer, "A-3", "many"),
        line(customer, "A-4", start="31.12.2026"),
    ]
    upload(operator, *lines)
    run = Import.objects.get()
    page = choose(operator, run, day_first="on")
    assert "Each row is compared" in text(page)
    assert "progress.js" in text(page)
    running.run_waiting("one")
    page = text(operator.get(url(run)))
    assert "Refused: 1" in page
    assert "Unchanged: 1" in page
    assert "New: 2" in page
    assert "“many” is not a number of seats." in page
    assert "2 rows would be recorded." in page
    assert "Not in the file: 1" in page
    assert "Forgotten" in text(operator.get(url(run), {"rows": "unnamed"}))
    assert "A-4" not in text(operator.get(url(run), {"rows": "unknown"}))
    assert not Subscription.objects.filter(external_id="A-1").exists()


def test_preview_says_which_new_rows_would_stand_beside_others(operator, customer):
    known = {"product_name": "Office", "quantity": 10, "external_id": None}
    stories.observation(customer, **known)
    run = previewed(operator, line(customer, ""), line(customer, "A-2"))
    page = text(operator.get(url(run)))
    assert "1 new row has no id, and rows of its product without an id" in page
    assert "1 row of this product without an id is recorded already." in page
    assert "stays as it is recorded" in page


def test_rows_of_a_preview_are_shown_page_by_page(operator, customer):
    run = previewed(operator, *(line(customer, f"A-{n}") for n in range(51)))
    page = text(operator.get(url(run), {"rows": "new", "page": 2}))
    assert "Page 2 of 2" in page
    assert ">52</th>" in page


def test_columns_that_cannot_be_are_told(operator, customer):
    upload(operator, line(customer))
    run = Import.objects.get()
    before = everything()
    page = choose(operator, run, quantity=2)
    assert "Each column can hold one thing." in text(page)
    page = choose(operator, run, quantity="")
    assert "This field is required." in text(page)
    assert everything() == before


def test_columns_stay_once_it_was_started(operator, customer):
    run = previewed(operator, line(customer))
    started(operator, run)
    page = choose(operator, run)
    assert messages(page) == ["This import is under way already."]


# Start and result


def test_import_is_recorded_by_a_worker(operator, customer):
    run = previewed(operator, line(customer))
    page = started(operator, run)
    assert messages(page) == ["It is being recorded: list.csv."]
    assert "in one go" in text(page)
    assert "The file has 1 row. What came of it is told at the end." in text(page)
    assert REFRESHES in text(page)
    assert customer.subscriptions.get().imported.run == run
    page = text(operator.get(url(run)))
    assert "1 row was recorded." in page
    assert REFRESHES not in page
    assert "Retract the whole import" in page
    assert {job.status for job in Job.objects.all()} == {Status.SUCCESSFUL}
    assert run.job.total in (1, None)


def test_second_click_enqueues_no_second_job(operator, customer):
    run = previewed(operator, line(customer))
    operator.post(url(run, "start"))
    (job,) = jobs_that_record()
    page = operator.post(url(run, "start"), follow=True)
    running.run_waiting("one")
    assert list(jobs_that_record()) == [job]
    assert page.status_code == 200
    assert customer.subscriptions.count() == 1


def test_refused_rows_stay_out_only_when_that_is_ticked(operator, customer):
    run = previewed(operator, line(customer), line(customer, "A-2", "x"))
    page = operator.post(url(run, "start"))
    assert "Confirm that the refused rows stay out" in text(page)
    assert not Subscription.objects.exists()
    started(operator, run, leave_out_refused="on")
    assert customer.subscriptions.count() == 1
    file = operator.get(url(run, "refused"))
    assert file["Content-Disposition"].startswith("attachment")
    content = b"".join(file.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(content.splitlines()))
    assert [row[1] for row in rows] == ["Subscription ID", "A-2"]
    assert rows[1][-2] == "3"


def test_whole_import_is_retracted(operator, customer):
    run = previewed(operator, line(customer))
    started(operator, run)
    page = operator.post(url(run, "retract"), {"reason": "Wrong file"}, follow=True)
    assert messages(page) == ["Retracted: list.csv."]
    assert "Retract the whole import" not in text(page)
    assert not Subscription.objects.current().exists()


@pytest.mark.parametrize(("ticked", "seats"), [({"restores": "on"}, [25]), ({}, [])])
def test_earlier_word_holds_again_when_that_is_ticked(
    operator, customer, ticked, seats
):
    started(operator, first := previewed(operator, line(customer)))
    started(operator, second := previewed(operator, line(customer, seats="26")))
    assert "holds again" not in text(operator.get(url(first, "retract")))
    assert "holds again" in text(operator.get(url(second, "retract")))
    data = {"reason": "Wrong file", **ticked}
    operator.post(url(second, "retract"), data)
    assert list(Subscription.objects.current().values_list("quantity", flat=True)) == (
        seats
    )


def test_failed_job_is_told_and_nothing_was_recorded(operator, customer):
    run = previewed(operator, line(customer))
    operator.post(url(run, "start"))
    run.created_by.is_superuser = False
    run.created_by.save()
    running.run_waiting("one")
    page = text(desk(stories.operator()).get(url(run)))
    assert "This has failed." in page
    assert "Only an operator acts for the platform." in page
    assert not Subscription.objects.exists()


def test_preview_is_shown_anew_when_more_rows_are_refused(operator):
    customer = CustomerFactory(primary_domain="contoso.example")
    header = "Domain,Product,Seats"
    run = previewed(operator, "contoso.example,A,1", header=header)
    operator.post(url(run, "start"))
    customer.primary_domain = None
    customer.save()
    running.run_waiting("one")
    page = text(operator.get(url(run)))
    assert "this is the new preview" in page
    assert "Unknown tenant." in page


def test_page_of_an_import_takes_no_posts(operator, customer):
    run = previewed(operator, line(customer))
    assert operator.post(url(run), {}).status_code == 403


def test_import_is_a_quick_link_and_in_the_list(operator, customer):
    assert list_url(Import, "add") in text(operator.get(reverse("admin:index")))
    run = previewed(operator, line(customer))
    page = text(operator.get(list_url(Import)))
    assert url(run) in page
    assert "To be started" in page
    assert list_url(Import, "add") in text(
        operator.get(reverse("admin:subscriptions_existingsubscription_changelist"))
    )


# Partner of Record cases


@pytest.fixture
def case(operator, customer):
    stories.observation(customer, external_id="A-1", por_name="Northwind")
    started(operator, previewed(operator, line(customer, reseller="Litware")))
    return PorCase.objects.get()


def test_case_shows_both_partners_and_waits_on_the_front_page(operator, case):
    for address in (list_url(PorCase), url(case), reverse("admin:index")):
        assert "Litware" in text(operator.get(address))
    page = text(operator.get(url(case)))
    assert "Northwind" in page
    assert "<li>Seats: 25</li>" in page
    assert "Term:" not in page  # the statement says nothing of it


def test_case_is_recorded_with_a_reason(operator, case, customer):
    page = operator.post(url(case, "record"), {"reason": "A letter"}, follow=True)
    assert messages(page) == ["Recorded: Office 365 E3: Litware."]
    assert customer.subscriptions.current().get().por_name == "Litware"
    assert "Record it" not in text(operator.get(url(case)))


def test_case_is_dismissed_with_a_reason(operator, case, customer):
    operator.post(url(case, "dismiss"), {"reason": "A mistake"}, follow=True)
    assert customer.subscriptions.current().get().por_name == "Northwind"
    assert "Litware" not in text(operator.get(reverse("admin:index")))
