"""Tables as files, CSV and XLSX: all that a page shows, and nothing that runs."""

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from math import ceil
from typing import Any, TypeAlias

import xlsxwriter
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.formats import number_format
from django.utils.html import strip_tags
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from . import clock

CHUNK = 2000  # rows that are read at a time
BLOCK = 65_536  # bytes that are sent at a time
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with these a spreadsheet begins one
SHEET_ROWS = 1_048_575  # below the head; more begin another sheet
CELL_LENGTH = 32_767  # what a cell of a spreadsheet holds
SAFE = {
    "constant_memory": True,
    "use_zip64": True,  # in files of 4 GB and more only
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
}
Words: TypeAlias = dict[tuple[str, Any], Any]
Cell: TypeAlias = str | int | float | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Table:
    """What a file is made of. `name` becomes the file's; cells are str, number, date,
    datetime (aware, given in UTC) or None; `rows` is read once. `notes` say how they
    were chosen: name and words, on the last sheet of a workbook."""

    name: str
    heads: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    notes: Sequence[tuple[str, str]] = ()

    def file_name(self, ending: str) -> str:
        return f"{self.name}-{clock.now():%Y-%m-%d}.{ending}"


class Echo:
    """A file that hands on what is written into it."""

    def write(self, value: str) -> str:
        return value


def csv_response(table: Table) -> StreamingHttpResponse:
    """Streamed row by row, in UTF-8 with the mark by which spreadsheets know it."""
    writer = csv.writer(Echo())
    response = StreamingHttpResponse(
        (writer.writerow(row) for row in _csv_rows(table)),
        content_type="text/csv; charset=utf-8",
    )
    name = table.file_name("csv")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _csv_rows(table: Table) -> Iterator[list[str]]:
    yield ["\ufeff" + table.heads[0], *table.heads[1:]]
    for row in table.rows:
        yield [_csv_cell(cell) for cell in row]


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, str):
        return harmless(cell)
    return "" if cell is None else str(cell)


def harmless(text: str) -> str:
    """What a spreadsheet shows and does not run."""
    return f"'{text}" if text.startswith(FORMULA) else text


def xlsx_response(table: Table) -> StreamingHttpResponse:
    """Written to a file on disk when it is asked for, which is gone when it is sent."""
    response = StreamingHttpResponse(_xlsx_blocks(table), content_type=XLSX)
    name = table.file_name("xlsx")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _xlsx_blocks(table: Table) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        write_xlsx(table, file)
        file.seek(0)
        yield from iter(partial(file.read, BLOCK), b"")


def write_xlsx(table: Table, file: Any) -> None:
    """Sheets of one head each, as many as the rows need; the last one has the notes and
    says so where there are several. Memory stays flat: a row is on disk when the next
    one comes."""
    with xlsxwriter.Workbook(file, SAFE) as workbook:
        days = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet, count = _sheet(workbook, table.heads), 0
        for count, row in enumerate(table.rows, start=1):
            place = (count - 1) % SHEET_ROWS + 1
            if count > place == 1:
                sheet = _sheet(workbook, table.heads)
            _write(sheet, place, row, days)
        notes = [*table.notes, *_on_several_sheets(count)]
        if notes:
            heads = (_("Name"), _("Value"))
            sheet = _sheet(workbook, heads, name=_("About this file"))
            for number, note in enumerate(notes, start=1):
                _write(sheet, number, note, days)


def _on_several_sheets(rows: int) -> list[tuple[str, str]]:
    """A note on where rows are that one sheet cannot hold."""
    sheets = ceil(rows / SHEET_ROWS)
    if sheets < 2:
        return []
    told = _(
        "%(rows)s rows on %(sheets)s sheets, one after the other: a sheet of a "
        "spreadsheet holds %(most)s and its head."
    )
    counts = {"rows": rows, "sheets": sheets, "most": SHEET_ROWS}
    grouped = {
        name: number_format(count, force_grouping=True)
        for name, count in counts.items()
    }
    return [(_("Sheets"), told % grouped)]


def _sheet(workbook: Any, heads: Sequence[str], name: str | None = None) -> Any:
    sheet = workbook.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, heads, workbook.add_format({"bold": True}))
    return sheet


def _write(sheet: Any, number: int, row: Sequence[Cell], days: Any) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, datetime):
            moment = cell.astimezone(UTC).replace(tzinfo=None)
            sheet.write_datetime(number, column, moment)
        elif isinstance(cell, date):
            sheet.write_datetime(number, column, cell, days)
        elif isinstance(cell, str):
            sheet.write_string(number, column, cell[:CELL_LENGTH])
        elif cell is not None:
            sheet.write_number(number, column, cell)


RESPONSES: dict[str, Callable[[Table], StreamingHttpResponse]] = {
    "csv": csv_response,
    "xlsx": xlsx_response,
}


def table_of_list(model_admin: Any, request: HttpRequest) -> Table:
    """All pages of a list, filtered, searched and ordered as its address says."""
    changelist = model_admin.get_changelist_instance(request)
    columns = [name for name in changelist.list_display if name != "action_checkbox"]
    columns += model_admin.export_more
    heads = [
        capfirst(str(label_for_field(name, changelist.model, model_admin)))
        for name in columns
    ]
    found = changelist.queryset.iterator(chunk_size=CHUNK)
    words: Words = {}
    rows = ([_cell(name, row, model_admin, words) for name in columns] for row in found)
    return Table(model_admin.opts.model_name, heads, rows)


def _cell(name: str, row: Any, model_admin: Any, words: Words) -> Cell:
    try:
        field, _attribute, value = lookup_field(name, row, model_admin)
    except ObjectDoesNotExist:
        return None
    if field is not None and field.is_relation:
        value = getattr(row, field.name)
    elif field is not None and getattr(field, "choices", None):
        value = _word(name, row, value, words)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value is None or isinstance(value, int | float | Decimal | date):
        return value
    return _plain(str(value))


@lru_cache(maxsize=1000)  # badges and such: few, and again in each row
def _without_tags(text: str) -> str:
    return strip_tags(text)


def _plain(text: str) -> str:
    return _without_tags(text) if "<" in text else text


def _word(name: str, row: Any, value: Any, words: Words) -> Any:
    """A choice in words, looked up once: Django translates all choices each time."""
    if (name, value) not in words:
        words[name, value] = getattr(row, f"get_{name}_display")()
    return words[name, value]
