"""The customer's own file on the invitation screen."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.acceptance import importing
from subscriptions.models import Import, Subscription

from .. import stories
from ..factories import CustomerFactory
from .visitor import Visitor, everything_stored, path_of, text_of

pytestmark = pytest.mark.django_db

HEADER = "Product name,Total licenses,Subscription ID,Expiration date"


@pytest.fixture
def page(admin):
    invitation = stories.signed_in_invitation(stories.staff(), admin)
    return path_of(invitation)


@pytest.fixture
def visitor(admin):
    return Visitor().acting_as(admin)


def upload(visitor, page, *lines, header=HEADER, channel="direct"):
    """Where the upload leads."""
    content = "\n".join([header, *lines]).encode()
    file = SimpleUploadedFile("products.csv", content)
    return visitor.submit(page, f"{page}upload/", file=file, channel=channel)


def test_file_is_shown_and_then_recorded_as_the_customers_statement(
    visitor, page, admin
):
    answer = upload(visitor, page, "Office 365 E3,25,A-1,2027-01-31")
    shown = text_of(visitor.get(answer.url))
    assert "1 row would be added" in shown
    assert "What the file does not say of a subscription" in shown
    assert "Office 365 E3" in shown
    assert not Subscription.objects.exists()
    done = visitor.submit(answer.url, record="")
    assert done.url == f"{page}#existing"
    row = admin.customer.subscriptions.get()
    assert (row.quantity, row.external_id, row.channel) == (25, "A-1", "direct")
    assert row.stated_by_customer
    shown = text_of(visitor.get(page))
    assert "1 row was added to your existing subscriptions." in shown
    assert "Your 1 existing subscription stays unchanged" in shown


def test_second_click_adds_nothing(visitor, page, admin):
    address = upload(visitor, page, "Office,25,A-1,").url
    visitor.submit(address, record="")
    before = everything_stored()
    visitor.post(address, {"record": ""})
    assert visitor.get(address).url == f"{page}#existing"
    assert everything_stored() == before
    rows = list(Subscription.objects.values())
    again = upload(visitor, page, "Office,25,A-1,").url
    visitor.submit(again, record="")
    assert list(Subscription.objects.values()) == rows


def test_columns_are_asked_for_when_the_header_is_unclear(visitor, page, admin):
    address = upload(visitor, page, "Office,25,31.12.2026", header="What,n,When").url
    shown = visitor.get(address)
    assert "What is in which column?" in text_of(shown)
    assert "What the file does not say of a subscription" in text_of(shown)
    wrong = visitor.submit(address, product_name="0", quantity="0")
    assert "Each column can hold one thing." in text_of(wrong)
    visitor.submit(
        address,
        product_name="0",
        quantity="1",
        commitment_ends_at="2",
        day_first="on",
    )
    visitor.submit(address, record="")
    row = admin.customer.subscriptions.get()
    assert row.commitment_ends_at.isoformat() == "2026-12-31T00:00:00+00:00"


def test_refused_rows_stay_out_only_when_that_is_ticked(visitor, page, admin):
    address = upload(visitor, page, "Office,25,A-1,", "Office,x,A-2,").url
    refused = visitor.submit(address, record="")
    assert "Confirm that the refused rows stay out" in text_of(refused)
    assert not Subscription.objects.exists()
    visitor.submit(address, record="", leave_out="on")
    assert admin.customer.subscriptions.count() == 1


def test_customer_records_nothing_for_another_tenant(visitor, page, admin):
    other = CustomerFactory()
    header = f"{HEADER},Tenant ID"
    address = upload(
        visitor, page, f"Office,25,A-1,,{other.tenant_id}", header=header
    ).url
    assert "Unknown tenant." in text_of(visitor.get(address))
    visitor.submit(address, record="", leave_out="on")
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    ("lines", "options", "words"),
    [
        (["Office,25,A-1,"], {"channel": "csp"}, "Select a valid choice"),
        ([], {}, "a header and nothing under it"),
        (["Office,25,\0,"], {}, "neither a CSV nor an XLSX"),
        (["Office,1,,"] * 3, {}, "more than 2 rows"),
    ],
)
def test_file_is_refused_with_a_sentence_and_nothing_is_kept(
    visitor, page, monkeypatch, lines, options, words
):
    monkeypatch.setattr(importing, "MOST_ROWS", 2)
    answer = upload(visitor, page, *lines, **options)
    assert words in text_of(answer)
    assert re.search(r'<details[^>]*id="file"[^>]* open', answer.content.decode())
    assert not Import.objects.exists()


def test_preview_is_shown_anew_when_something_changed_meanwhile(
    visitor, page, admin, monkeypatch
):
    header = "Domain,Product,Seats"
    customer = admin.customer
    line = f"{customer.primary_domain},Office,1"
    address = upload(visitor, page, line, header=header).url
    customer.primary_domain = None
    customer.save()
    assert visitor.submit(address, record="").url == address
    assert "this is the new preview" in text_of(visitor.get(address))
    assert not Subscription.objects.exists()


def test_import_is_not_shown_to_another_tenant(visitor, page, admin):
    address = upload(visitor, page, "Office,25,A-1,").url
    stranger = stories.tenant()
    other = path_of(stories.signed_in_invitation(stories.staff(), stranger))
    run = Import.objects.get()
    client = Visitor().acting_as(stranger)
    assert client.get(f"{other}import/{run.pk}/").status_code == 404
    assert client.get(address).url == page
    assert Visitor().get(address).url == page
    assert not Subscription.objects.exists()


def test_upload_after_the_decision_changes_nothing(visitor, page, admin):
    address = upload(visitor, page, "Office,25,A-1,").url
    visitor.submit(page, f"{page}accept/", agreed="on")
    before = everything_stored()
    file = SimpleUploadedFile("products.csv", b"Product,Seats\nOffice,1\n")
    visitor.post(f"{page}upload/", {"file": file, "channel": "direct"})
    visitor.post(address, {"record": ""})
    assert everything_stored() == before
