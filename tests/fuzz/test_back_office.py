"""The back office's pages and forms under requests that no browser would send.

The client raises whatever a view does not handle: an error would fail the test.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relationships.enums import StaffRole
from subscriptions.models import Subscription
from tests import stories
from tests.admin.office import Office, desk, list_url, open_office, url
from tests.admin.pages import OF_LISTS, OF_ROWS, TRANSITIONS, VIEW, app_urls, site_urls
from tests.stored import everything_but, rows

from .requests import Page, fuzzed, pages, send, taken_back

pytestmark = pytest.mark.django_db

COUNTED = ("accounts.SignIn", "accounts.Throttle")


def addresses(office: Office) -> list[str]:
    """Every page of the site, with this office's rows."""
    own = [office.rows[name] for name in VIEW]
    return [
        *site_urls(),
        *app_urls(),
        "/admin/act-as/",
        "/admin/autocomplete/",
        *(list_url(row, page) for row in own for page in OF_LISTS),
        *(url(row, page) for row in own for page in OF_ROWS),
        *(url(office.rows[model], page) for model, page in TRANSITIONS),
        url(office.customer) + "?edit=1",
    ]


def targets_of(client: Any, office: Office) -> list[Page]:
    """With what the changelists' actions and filters would send besides."""
    found = pages(client, addresses(office))
    for page in found:
        page.untouched += [
            ("q", "a"),
            ("o", "1"),
            ("p", "0"),
            ("_selected_action", "1"),
        ]
    return found


def existing() -> list[dict[str, Any]]:
    """What nobody may change: the rows of other channels, as they are stored."""
    return list(Subscription.objects.exclude(channel="csp").order_by("pk").values())


def of_others(other: Office) -> dict[str, list[dict[str, Any]]]:
    """Each stored row of the other partner's own."""
    mine = {name: row for name, row in other.rows.items() if name not in SHARED}
    return {
        name: list(type(row)._base_manager.filter(pk=row.pk).values())
        for name, row in mine.items()
    }


SHARED = {"countrymarket", "product", "offer", "throttle"}


def attack(client, targets, assert_kept):
    """Send anything to these pages; after each request, what has to stay is there."""

    @fuzzed
    @given(st.data())
    def send_once(data):
        page = data.draw(st.sampled_from(targets))
        with taken_back():
            answer = send(data.draw, client, page)
            assert answer.status_code < 500, page.address
            assert_kept()

    send_once()


@pytest.mark.parametrize("role", [StaffRole.ADMIN_AGENT, StaffRole.HELPDESK_AGENT])
def test_staff_breaks_nothing_and_changes_nothing_of_others(role):
    office, other = open_office("Zebrano"), open_office("Quillon")
    client = desk(office.actor(role))
    targets = targets_of(client, office) + targets_of(client, other)
    kept = ["accounts.User", "accounts.Identity", "relationships.Partner"]
    before = (existing(), of_others(other), rows(*kept))

    def assert_kept():
        after = existing()
        assert [row for row in after if row in before[0]] == before[0]
        assert (of_others(other), rows(*kept)) == before[1:]

    attack(client, targets, assert_kept)


def test_viewer_of_reports_breaks_and_changes_nothing_at_all():
    office, other = open_office("Zebrano"), open_office("Quillon")
    client = desk(office.actor(StaffRole.REPORT_VIEWER))
    targets = targets_of(desk(office.staff), office) + targets_of(client, other)
    kept = everything_but(*COUNTED)
    before = rows(*kept)

    def assert_kept():
        assert rows(*kept) == before

    attack(client, targets, assert_kept)


def test_operator_breaks_nothing_and_changes_no_existing_subscription():
    office = open_office("Zebrano")
    client = desk(stories.operator())
    targets = targets_of(client, office)
    before = existing()

    def assert_kept():
        assert [row for row in existing() if row in before] == before

    attack(client, targets, assert_kept)
