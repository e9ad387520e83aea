import io
import zipfile
from datetime import date, datetime

import pytest
from django.core.exceptions import ValidationError

from subscriptions.spreadsheets import LAST_ROW, read_table

from .support import workbook


def read(content, **options):
    if isinstance(content, str):
        content = content.encode()
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    return list(read_table(file, **options))


def refusal(content, **options):
    with pytest.raises(ValidationError) as caught:
        read(content, **options)
    assert caught.value.code == "file"
    return caught.value.messages[0]


def part_of(file, name, change):
    """The workbook again, with one of its parts changed."""
    changed = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, change(content) if part == name else content)
    changed.seek(0)
    return changed


SHEET = "xl/worksheets/sheet1.xml"


# CSV


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separator_is_seen_from_the_header(separator):
    text = separator.join(["Product", "Seats"]) + "\n" + separator.join(["A", "1"])
    assert read(text) == [(1, ["Product", "Seats"]), (2, ["A", "1"])]


def test_declared_separator_is_taken():
    assert read("a,b;c\n", separator=";") == [(1, ["a,b", "c"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encoding_is_seen_from_the_file(encoding):
    assert read("Größe,1\n".encode(encoding)) == [(1, ["Größe", "1"])]


def test_encoding_is_seen_across_a_border_of_blocks():
    text = "a" * 1500 + "\n"
    content = (text * 43 + "x" * 992 + "ü\n").encode()
    assert read(content)[-1][1][0].endswith("ü")


def test_declared_encoding_is_taken():
    assert read("ü\n".encode(), encoding="cp1252") == [(1, ["Ã¼"])]


def test_lines_keep_the_numbers_that_they_have_in_the_file():
    text = '\n\na,b\n"1\n2",x\n\n , \n3,4\n'
    assert read(text) == [(3, ["a", "b"]), (4, ["1\n2", "x"]), (8, ["3", "4"])]


def test_empty_cells_at_the_end_are_no_cells():
    assert read("a,b\n1,,\n") == [(1, ["a", "b"]), (2, ["1"])]


def test_quote_before_a_would_be_formula_is_taken_off():
    assert read("'=1+1,'abc,'-5\n") == [(1, ["=1+1", "'abc", "-5"])]


@pytest.mark.parametrize("content", [b"\n \n", b"\xef\xbb\xbf", b",,\n"])
def test_file_without_a_word_has_no_rows(content):
    assert read(content) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        ("a,b\n".encode("utf-16"), "UTF-16"),
        (b"a,b\x00\n", "neither a CSV nor an XLSX"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "neither a CSV nor an XLSX"),
        (b"a,b\nx\x81\n", "not in the encoding cp1252"),
        (b"a\n" + b"x" * 200_000 + b"\n", "Line 2 is not CSV"),
        (b"a\n" + b"x" * 2_001 + b"\n", "Line 2 has a cell of more than 2000"),
        (b"a," * 101 + b"b\n", "Line 1 has more than 100 columns"),
    ],
)
def test_file_is_refused_with_a_sentence(content, words):
    assert words in refusal(content)


def test_file_with_too_many_rows_is_refused(settings):
    settings.IMPORT_ROWS = 2
    assert len(read("a\n1\n2\n")) == 3
    assert "more than 2 rows" in refusal("a\n1\n2\n3\n")


# XLSX


def test_workbook_is_read_as_text():
    file = workbook(
        ["Product", "Seats", "When", "Day", "Renews", "Ratio"],
        ["A", 25, datetime(2026, 5, 1, 10), date(2026, 5, 2), True, 1.5],
        [None],
        ["B", 3.0, None, None, False],
    )
    assert read(file) == [
        (1, ["Product", "Seats", "When", "Day", "Renews", "Ratio"]),
        (2, ["A", "25", "2026-05-01T10:00:00", "2026-05-02T00:00:00", "true", "1.5"]),
        (4, ["B", "3", "", "", "false"]),
    ]


def test_formula_of_a_workbook_stays_one():
    assert read(workbook(["Seats"], ["=1+1"]))[1] == (2, ["=1+1"])


def test_formula_for_many_cells_stays_one():
    file = part_of(
        workbook(["Seats"], ["=1+1"]),
        SHEET,
        lambda xml: xml.replace(b"<f>", b'<f t="array" ref="A2:A3">'),
    )
    assert read(file)[1][1][0].startswith("=")


def test_workbook_that_lies_about_its_size_is_read_as_it_is():
    file = part_of(
        workbook(["Product"], ["A"], ["B"]),
        SHEET,
        lambda xml: xml.replace(b'ref="A1:A3"', b'ref="A1:A1"'),
    )
    assert [cells for _line, cells in read(file)] == [["Product"], ["A"], ["B"]]


def test_workbook_that_unpacks_to_too_much_is_refused():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(SHEET, b"0" * 20_000_000)
    assert "unpacks" in refusal(content.getvalue())


def test_workbook_with_a_row_beyond_every_sheet_is_refused():
    file = part_of(
        workbook(["Product"], ["A"]),
        SHEET,
        lambda xml: xml.replace(b'<row r="2"', b'<row r="%d"' % (LAST_ROW + 2)),
    )
    assert "damaged" in refusal(file)


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<sheetData><row r="1"><c t="inlineStr"><is><t>&lol2;</t></is></c></row></sheetData>
</worksheet>"""


@pytest.mark.parametrize("name", [SHEET, "xl/workbook.xml"])
def test_workbook_with_xml_entities_is_refused(name):
    file = part_of(workbook(["Product"]), name, lambda xml: BOMB)
    assert "XML entities" in refusal(file)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda xml: xml[:-20], "damaged"),
        (lambda xml: b"<a/>", "cannot be read"),
    ],
)
def test_damaged_workbook_is_refused(change, words):
    assert words in refusal(part_of(workbook(["A"]), "xl/workbook.xml", change))


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04", b"PK\x03\x04" + b"x" * 100, workbook(["A"]).read()[:-9]]
)
def test_what_only_begins_as_a_workbook_is_refused(content):
    assert "damaged" in refusal(content)
