"""Tables out of files that people upload: CSV and XLSX, read row by row.

Whatever the bytes are, the result is rows of text or a ValidationError `file` with a
sentence. No file is ever held in memory as a whole.
"""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from itertools import chain
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from openpyxl import DEFUSEDXML, load_workbook

Row = tuple[int, list[str]]  # the number that the line has in the file, and its cells

SEPARATORS = (",", ";", "\t")
ENCODINGS = ("utf-8-sig", "cp1252")
BLOCK = 65_536
MOST_COLUMNS = 100
LONGEST_CELL = 2_000
MOST_UNPACKED = 100_000_000  # bytes of all parts of a workbook
MOST_RATIO = 100  # of these to the bytes of the file
LAST_ROW = 1_048_576  # that a spreadsheet has
OTHER_UNICODE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

assert DEFUSEDXML, "openpyxl reads XML without defusedxml"


def refuse(sentence: str, **params: Any) -> ValidationError:
    return ValidationError(sentence, code="file", params=params)


def read_table(
    file: BinaryIO, *, separator: str = "", encoding: str = ""
) -> Iterator[Row]:
    """The rows that are not empty; the first is the header. Raises ValidationError.

    Without a separator or an encoding, both are seen from the file.
    """
    start = file.read(4)
    file.seek(0)
    if not start:
        raise refuse(_("The file is empty."))
    if start == b"PK\x03\x04":
        rows = _of_workbook(file)
    elif start.startswith(OTHER_UNICODE):
        raise refuse(_("The file is in UTF-16. Save it as CSV in UTF-8."))
    else:
        rows = _of_text(file, separator, encoding or _encoding(file))
    return _checked(rows)


def _checked(rows: Iterator[Row]) -> Iterator[Row]:
    """Without what is empty, and within the limits."""
    count, most = 0, settings.IMPORT_ROWS
    for number, cells in rows:
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        count += 1
        if count > most + 1:
            raise refuse(
                _("The file has more than %(most)s rows. Divide it."), most=most
            )
        if len(cells) > MOST_COLUMNS:
            raise refuse(
                _("Line %(line)s has more than %(most)s columns."),
                line=number,
                most=MOST_COLUMNS,
            )
        if max(map(len, cells)) > LONGEST_CELL:
            raise refuse(
                _("Line %(line)s has a cell of more than %(most)s characters."),
                line=number,
                most=LONGEST_CELL,
            )
        yield number, cells


# CSV


def _encoding(file: BinaryIO) -> str:
    """UTF-8 where the whole file is that, else Windows-1252."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := file.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        file.seek(0)
    return "utf-8-sig"


def _of_text(file: BinaryIO, separator: str, encoding: str) -> Iterator[Row]:
    lines = _lines(file, encoding)
    skipped, first = 0, ""
    for first in lines:
        if first.strip():
            break
        skipped += 1
    reader = csv.reader(chain([first], lines), delimiter=separator or _separator(first))
    number = skipped + 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            quoted = "'" in "".join(cells)
            yield number, [*map(_unquoted, cells)] if quoted else cells
            number = skipped + reader.line_num + 1
    except csv.Error as error:
        raise refuse(_("Line %(line)s is not CSV."), line=number) from error


def _lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    text = io.TextIOWrapper(file, encoding, newline="")
    number = 0
    try:
        for line in text:
            number += 1
            if "\0" in line:
                raise refuse(_("This is neither a CSV nor an XLSX file."))
            yield line
    except UnicodeDecodeError as error:
        raise refuse(
            _("Line %(line)s is not in the encoding %(encoding)s."),
            line=number + 1,
            encoding=encoding.removesuffix("-sig"),
        ) from error
    finally:
        with suppress(ValueError):  # the owner has closed it already
            text.detach()


def _separator(header: str) -> str:
    return max(SEPARATORS, key=header.count)


def _unquoted(text: str) -> str:
    """Without the quote that our exports put before what would be a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in {*"=+-@"} else text


# XLSX


def _of_workbook(file: BinaryIO) -> Iterator[Row]:
    with _explained():
        _refuse_bomb(file)
        workbook = load_workbook(file, read_only=True)
        try:
            sheet = workbook.worksheets[0]
            sheet.reset_dimensions()  # what the file says of itself may be wrong
            for number, row in enumerate(sheet.iter_rows(), 1):
                if number > LAST_ROW:
                    raise refuse(_("The workbook is damaged and cannot be read."))
                yield number, [_text(cell.value) for cell in row[: MOST_COLUMNS + 1]]
        finally:
            workbook.close()


@contextmanager
def _explained() -> Iterator[None]:
    """The library raises whatever comes to its mind when a workbook is damaged."""
    try:
        yield
    except ValidationError:
        raise
    except Exception as error:
        raise refuse(_why(error.__cause__ or error)) from error


def _why(error: BaseException) -> str:
    if isinstance(error, DefusedXmlException):
        return _("The workbook declares XML entities, which no spreadsheet needs.")
    if isinstance(error, zipfile.BadZipFile | ParseError):
        return _("The workbook is damaged and cannot be read.")
    return _("The workbook cannot be read.")


def _refuse_bomb(file: BinaryIO) -> None:
    """By what the parts say of their size: no more than that is ever unpacked."""
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        unpacked = sum(part.file_size for part in parts)
        packed = sum(part.compress_size for part in parts)
    file.seek(0)
    if unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(packed, BLOCK):
        raise refuse(_("The workbook unpacks to far more than it should."))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    if not isinstance(value, str | int | float):
        return "=" + type(value).__name__  # a formula for many cells
    text = _unquoted(str(value).strip())
    if "\0" in text:
        raise refuse(_("This is neither a CSV nor an XLSX file."))
    return text
