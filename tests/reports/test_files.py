"""CSV and XLSX: cell by cell what the page shows, and by which filters."""

import io
from datetime import UTC, timedelta
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from portal.foundation import clock
from portal.reports.all import REPORTS
from portal.reports.columns import Kind
from relationships.services import invitations
from tests import stories
from tests.admin.office import desk, open_office
from tests.fuzz.requests import taken_back

from .asking import address, choices_of, lines

pytestmark = pytest.mark.django_db

PLACES = {Kind.NUMBER: 0, Kind.DAYS: 1, Kind.MONEY: 2}


@pytest.fixture
def office():
    """Also with times to accept that are no round number of days."""
    with clock.at(clock.now().replace(microsecond=0)):  # as exact as a file is
        return _office()


def _office():
    office = open_office("Zebrano")
    admin = stories.tenant()
    with clock.at(clock.now() - timedelta(days=3, hours=7, minutes=11)):
        invitation = stories.sent_invitation(office.staff, reference="slow")
    with clock.at(clock.now() - timedelta(hours=1)):
        signed_in = invitations.sign_in_to_invitation(invitation, actor=admin)
        invitations.accept_invitation(signed_in, actor=admin, agreed=True)
    return office


def sheets(answer):
    """Of a workbook, by name."""
    book = load_workbook(io.BytesIO(answer.getvalue()))
    return {
        sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()]
        for sheet in book.worksheets
    }


def as_shown(kind, cell):
    """What a page would show for a cell of a file."""
    if cell in ("", None):
        return ""
    if kind in PLACES:
        return f"{Decimal(str(cell)):,.{PLACES[kind]}f}"
    return str(cell).partition(".")[0] if kind == Kind.MOMENT else str(cell)


def shown(cell):
    if cell.moment:
        return f"{cell.moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return cell.text


@pytest.mark.parametrize("slug", REPORTS)
def test_files_have_every_cell_that_the_page_shows(office, slug):
    client = desk(office.staff)
    for filters in choices_of(slug, office.staff):
        page = client.get(address(slug), filters)
        table = [*page.context["rows"], *page.context["totals"]]
        kinds = [column.kind for column in page.context["result"].columns]
        expected = [[shown(cell) for cell in row] for row in table]
        with taken_back():  # the log has a record of each file
            head, *written = lines(client.get(address(slug, "csv"), filters))
        with taken_back():
            book = sheets(client.get(address(slug, "xlsx"), filters))
        assert [str(each.label) for each in page.context["result"].columns] == head
        assert book["Sheet1"][0] == head
        for rows in (written, book["Sheet1"][1:]):
            found = [
                [as_shown(*cell) for cell in zip(kinds, row, strict=True)]
                for row in rows
            ]
            assert found == (expected if page.context["rows"] else [])


@pytest.mark.parametrize("slug", REPORTS)
def test_file_has_no_row_when_the_page_has_none(slug):
    client, given = desk(stories.staff()), {"last": "2020-01-31"}
    page = client.get(address(slug), given)
    rows, totals = page.context["rows"], page.context["totals"]
    file = lines(client.get(address(slug, "csv"), given))
    assert len(file) == 1 + (len(rows) + len(totals) if rows else 0)


def test_workbook_says_by_which_filters_and_when(office):
    given = {"first": "2026-01-05", "last": "2026-02-03", "by": "staff"}
    client = desk(office.staff)
    told = clock.now()
    with clock.at(told):
        book = sheets(client.get(address("invitations", "xlsx"), given))
    assert list(book) == ["Sheet1", "About this file"]
    assert book["About this file"] == [
        ["Name", "Value"],
        ["Report", "Invitation funnel"],
        ["Told", f"{told:%Y-%m-%d %H:%M} UTC"],
        ["Period", "5 January 2026 to 3 February 2026"],
        ["Staff", "Everybody"],
        ["A row for each", "Staff member"],
    ]
    file = lines(client.get(address("invitations", "csv"), given))
    assert file[0][0] == "Requested by"
    assert "Period" not in str(file)
