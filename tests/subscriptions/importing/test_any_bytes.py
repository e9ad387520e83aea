"""Whatever is uploaded: rows, or a sentence; never anything else."""

import io

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.columns import LABELS, converters
from subscriptions.models import Import, ImportChunk
from subscriptions.services.importing.uploading import upload
from subscriptions.spreadsheets import ENCODINGS, SEPARATORS, read_table

from ... import stories
from .support import imported, outcomes, workbook

WORKBOOK = workbook(["Product", "Seats"], ["A", 1]).getvalue()


def is_a_sentence(text):
    return text[0] in {text[0].upper(), "“"} and text.endswith(".")


def is_read_or_refused(content, **options):
    rows, refusal = [], None
    try:
        rows = list(read_table(io.BytesIO(content), **options))
    except ValidationError as error:
        refusal = error
    assert refusal is None or is_a_sentence(refusal.messages[0])
    assert all(any(cells) and "\0" not in "".join(cells) for _n, cells in rows)


@given(
    st.binary(),
    st.sampled_from(["", *SEPARATORS]),
    st.sampled_from(["", *ENCODINGS]),
)
def test_any_bytes_are_read_or_refused(content, separator, encoding):
    is_read_or_refused(content, separator=separator, encoding=encoding)


@given(st.text(alphabet='ab,;\t"\r\n\x00\x1c\u2028ü '))
def test_any_text_is_read_or_refused(text):
    is_read_or_refused(text.encode())


@given(st.integers(0, len(WORKBOOK) - 1), st.binary(min_size=1, max_size=3))
def test_damaged_workbook_is_read_or_refused(place, content):
    damaged = WORKBOOK[:place] + content + WORKBOOK[place + len(content) :]
    is_read_or_refused(damaged)


@given(st.sampled_from(list(LABELS)), st.text(), st.booleans())
def test_any_cell_is_understood_or_refused(field, text, day_first):
    refusal = None
    try:
        converters(day_first=day_first)[field](text)
    except ValueError as error:
        refusal = error
    assert refusal is None or is_a_sentence(str(refusal))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cells",
    [
        "\ud7ff,\ue000,\x7f,🎈",
        "=cmd|' /C calc'!A0,+1,-1,@x",
        "'; DROP TABLE subscriptions_subscription; --,1,active,x",
        "<script>alert(1)</script>,1,active,<b>",
    ],
)
def test_odd_cells_are_recorded_as_they_are_or_refused(cells):
    operator, customer = stories.operator(), stories.tenant().customer
    text = "Subscription,Quantity,Status,Reseller\n" + cells + "\n"
    run = imported(operator, io.BytesIO(text.encode()), customer=customer)
    kept = list(customer.subscriptions.values_list("product_name", flat=True))
    assert (outcomes(run), kept) in (
        (["refused"], []),
        (["new"], [cells.split(",")[0]]),
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"a,b\n", b"\x00", pytest.param(WORKBOOK[:99], id="torn workbook")],
)
def test_refused_file_leaves_nothing_behind(content):
    with pytest.raises(ValidationError):
        upload(io.BytesIO(content), "x.csv", actor=stories.operator(), channel="direct")
    assert not Import.objects.exists()
    assert not ImportChunk.objects.exists()
