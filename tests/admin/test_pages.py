"""What holds on every page of the back office."""

import re
from typing import Any

import pytest
from django.test import Client

from portal.foundation import clock
from relationships.models import StaffMembership

from .office import Office, desk, list_url, text, url
from .pages import (
    OF_LISTS,
    OF_ROWS,
    TRANSITIONS,
    VIEW,
    app_urls,
    existing_names,
    listed_names,
    site_urls,
)

pytestmark = pytest.mark.django_db

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
INLINE = re.compile(
    r"<style|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:"
    r"|<script(?![^>]*\ssrc=)|<script[^>]*>\s*[^<\s]|(?:src|href)=[\"'](?:https?:)?//",
    re.IGNORECASE,
)


def urls_of(office: Office) -> list[str]:
    """Of every page, with this office's rows."""
    rows = [office.rows[name] for name in VIEW]
    return [
        *site_urls(),
        *app_urls(),
        *(list_url(row, page) for row in rows for page in OF_LISTS),
        *(url(row, page) for row in rows for page in OF_ROWS),
        *(url(office.rows[model], page) for model, page in TRANSITIONS),
        url(office.customer) + "?edit=1",
    ]


def pages_for(client: Client, office: Office) -> dict[str, Any]:
    """Those that this person gets to see."""
    answers = {address: client.get(address) for address in urls_of(office)}
    return {
        address: answer
        for address, answer in answers.items()
        if answer.status_code == 200
    }


def test_every_page_of_the_site_is_in_a_list_of_these_tests():
    assert existing_names() == listed_names()


def shows_nobody(office: Office) -> set[str]:
    """Pages that Django has and nobody gets: rows come and go by services."""
    deleted = {"staffmembership", "tenantmembership", "countrymarket", "productalias"}
    added = {"user", "partner", "customer", "product", "offer", "webhookendpoint"}
    added |= {"import", "existingsubscription", *deleted}
    return {
        *(url(office.rows[name], "delete") for name in VIEW if name not in deleted),
        *(list_url(office.rows[name], "add") for name in VIEW if name not in added),
    }


def test_pages_have_a_strict_policy_and_nothing_inline(office, operator):
    pages = [
        *pages_for(desk(office.staff), office).items(),
        *pages_for(operator, office).items(),
    ]
    seen = {address for address, _answer in pages}
    assert set(urls_of(office)) - seen == shows_nobody(office)
    for address, answer in pages:
        policy = answer.headers["Content-Security-Policy"]
        assert sorted(policy.split("; ")) == sorted(POLICY.split("; ")), address
        if answer.headers["Content-Type"].startswith("text/html"):
            found = INLINE.search(text(answer))
            assert found is None, (address, found)


def test_pages_are_never_kept_by_a_browser(office, sales):
    for address, answer in pages_for(sales, office).items():
        if "jsi18n" not in address and "password_change" not in address:
            assert "no-store" in answer.headers["Cache-Control"], address


@pytest.mark.parametrize("is_tenant", [True, False])
def test_pages_refuse_whoever_is_no_staff_and_show_nothing(office, is_tenant):
    client = desk(office.tenant) if is_tenant else Client()
    for address in urls_of(office):
        if "jsi18n" in address:
            continue
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code == 302, address
            assert "/admin/login/" in answer.headers["Location"], address
    landing = client.get("/admin/login/?next=/admin/")
    if is_tenant:
        assert landing.status_code == 403
        assert "The back office is for staff of a partner." in text(landing)
    else:
        assert landing.headers["Location"] == "/sign-in/?next=%2Fadmin%2F"


def test_access_ends_with_the_next_request_when_a_membership_expires(office, sales):
    assert sales.get("/admin/").status_code == 200
    membership = StaffMembership.objects.filter(user=office.staff.user)
    membership.update(expires_at=clock.now())
    assert sales.get("/admin/").status_code == 302
    assert sales.get("/admin/login/?next=/admin/").status_code == 403


def test_log_is_filtered_by_role_in_words(office, sales):
    page = sales.get(list_url(office.activityrecord), {"role": "visitor"})
    assert "Not signed in</a>" in text(page)
    roles = {record.actor_role for record in page.context["cl"].result_list}
    assert roles == {"visitor"}
