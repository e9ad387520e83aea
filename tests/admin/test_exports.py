"""A list as a file: its rows, its columns, and nothing that a spreadsheet would run."""

import csv
import io
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from portal.foundation import exports
from portal.foundation.exports import Table, csv_response, harmless, write_xlsx
from relationships.enums import Operation
from relationships.models import ActivityRecord
from tests import stories

from .office import desk, list_url
from .pages import VIEW

pytestmark = pytest.mark.django_db


def exported(client, model, query=""):
    answer = client.get(list_url(model, "export") + query)
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content).decode()
    assert content.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(content[1:])))


def test_export_has_the_rows_of_the_list_in_its_order(office, other, sales):
    for name in "cab":
        stories.invitation(office.staff, recipient_email=f"{name}@export.example")
    stories.invitation(other.staff, recipient_email="foreign@export.example")
    rows = exported(sales, office.invitation, "?q=export.example&o=1&status=draft")
    assert [row["Status"] for row in rows] == ["Draft"] * 3
    names = {row["Invitation"] for row in rows}
    assert names == {f"{name}@export.example" for name in "abc"}


def test_export_has_all_pages_of_a_list(office, sales):
    for number in range(60):
        stories.invitation(office.staff, recipient_email=f"{number}@many.example")
    assert len(exported(sales, office.invitation, "?q=many.example")) == 60


def test_export_has_the_columns_that_the_role_sees(office):
    def columns(role):
        return set(exported(desk(office.actor(role)), office.offer)[0])

    assert columns("admin_agent") - columns("report_viewer") == {"List price"}


def test_export_gives_times_in_utc_and_words_for_choices(office, sales):
    row = exported(sales, office.cspsubscription)[0]
    assert row["Status"] == "Active"
    log = ActivityRecord.objects.visible_to(office.staff)
    record = log.order_by("at", "id").first()
    exported_at = exported(sales, office.activityrecord)[-1]["At"]
    assert exported_at == f"{record.at:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize("name", sorted(VIEW))
def test_every_list_is_exported_as_the_operator_sees_it(office, operator, name):
    listed = operator.get(list_url(office.rows[name])).context["cl"].result_count
    told = name == "activityrecord"  # of the export itself
    assert len(exported(operator, office.rows[name])) == listed + told


def test_export_is_told_to_the_log(office, sales):
    exported(sales, office.invitation)
    record = ActivityRecord.objects.get(operation=Operation.EXPORT)
    assert record.new_value == {"list": "invitation"}
    assert (record.partner, record.actor) == (office.partner, office.staff.user)


def test_export_is_refused_when_the_role_does_not_see_the_list(office):
    viewer = desk(office.actor("report_viewer"))
    assert viewer.get(list_url(office.invitation, "export")).status_code == 403
    assert not ActivityRecord.objects.filter(operation=Operation.EXPORT).exists()


def test_export_of_a_list_that_is_asked_wrongly_leads_to_the_list(office, sales):
    query = {"created_at__gte": "junk"}
    answer = sales.get(list_url(office.invitation, "export"), query)
    assert answer.status_code == 302
    assert not ActivityRecord.objects.filter(operation=Operation.EXPORT).exists()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_cell_that_would_be_a_formula_is_text(text):
    assert harmless(text) == f"'{text}"
    assert harmless(f"a{text}") == f"a{text}"


CELLS = ["=1+1", 3, Decimal("2.50"), date(2026, 2, 28), None, "https://a.example"]
MOMENT = datetime(2026, 2, 28, 23, 59, 58, tzinfo=UTC)


def sheets_of(heads, rows):
    file = io.BytesIO()
    write_xlsx(Table("any", heads, rows), file)
    return load_workbook(file).worksheets


def test_spreadsheet_keeps_numbers_and_dates_and_runs_nothing():
    [sheet] = sheets_of(list("abcdefg"), [[*CELLS, MOMENT]])
    assert [cell.value for cell in sheet[1]] == list("abcdefg")
    values = [cell.value for cell in sheet[2]]
    assert values == [
        *CELLS[:3],
        datetime(2026, 2, 28),
        *CELLS[4:],
        MOMENT.replace(tzinfo=None),
    ]
    assert [cell.data_type for cell in sheet[2]] == list("snndnsd")
    assert not any(cell.hyperlink for cell in sheet[2])


def test_csv_gives_the_same_cells():
    response = csv_response(Table("seats", list("abcdefg"), [[*CELLS, MOMENT]]))
    row = list(csv.reader(io.StringIO(response.getvalue().decode())))[1]
    assert row == [
        *("'=1+1", "3", "2.50", "2026-02-28", "", "https://a.example"),
        "2026-02-28 23:59:58",
    ]


def test_spreadsheet_begins_another_sheet_and_says_so_when_one_is_full(monkeypatch):
    monkeypatch.setattr(exports, "SHEET_ROWS", 2)
    rows = [[number] for number in range(5)]
    *sheets, last = sheets_of(["n"], rows)
    assert [[cell.value for cell in sheet["A"]] for sheet in sheets] == [
        ["n", 0, 1],
        ["n", 2, 3],
        ["n", 4],
    ]
    assert last.title == "About this file"
    assert [cell.value for cell in last[2]] == [
        "Sheets",
        "5 rows on 3 sheets, one after the other: a sheet of a spreadsheet holds 2 and "
        "its head.",
    ]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_spreadsheet_has_one_sheet_when_it_holds_all_rows(monkeypatch, count):
    monkeypatch.setattr(exports, "SHEET_ROWS", 2)
    [sheet] = sheets_of(["n"], [[number] for number in range(count)])
    assert [cell.value for cell in sheet["A"]] == ["n", *range(count)]


def test_spreadsheet_takes_no_more_memory_when_it_is_longer(tmp_path):
    def peak(count):
        rows = ([f"{number} " * 20] for number in range(count))
        tracemalloc.start()
        with (tmp_path / "long.xlsx").open("wb") as file:
            write_xlsx(Table("long", ["n"], rows), file)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(5000) < 2 * peak(500)


def test_list_is_exported_as_a_spreadsheet_too(office, sales):
    answer = sales.get(list_url(office.cspsubscription, "export_xlsx"))
    [sheet] = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    heads, row = ([cell.value for cell in line] for line in sheet.iter_rows())
    as_csv = exported(sales, office.cspsubscription)[0]
    assert heads == list(as_csv)
    assert dict(zip(heads, row, strict=True))["Seats"] == int(as_csv["Seats"])
