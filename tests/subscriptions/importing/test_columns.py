from datetime import UTC, datetime

import pytest

from subscriptions.columns import (
    HEADERS,
    KNOWN,
    LABELS,
    Remembering,
    converters,
    guess_columns,
)
from subscriptions.services.observing import Statement


def value(field, text, *, day_first=False):
    return converters(day_first=day_first)[field](text)


# Which column


def test_every_field_of_a_statement_can_come_from_a_column():
    fields = {*vars(Statement(channel="", product_name="", quantity=0))}
    assert set(LABELS) == set(HEADERS) == fields | {"tenant_id", "primary_domain"}


def test_every_header_means_one_thing():
    assert len(KNOWN) == sum(len(names.split("; ")) for names in HEADERS.values())


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            "Subscription ID,Subscription,Quantity,Status,Reseller",
            ["external_id", "product_name", "quantity", "status", "por_name"],
        ),
        (
            "Microsoft ID,Company name,Primary domain name,Relationship",
            ["tenant_id", None, "primary_domain", None],
        ),
        (",".join(LABELS), list(LABELS)),
        (
            " PRODUCT_NAME ,Total  Licenses,Mandanten-ID",
            ["product_name", "quantity", "tenant_id"],
        ),
    ],
)
def test_columns_are_guessed_from_the_header(header, fields):
    expected = {field: n for n, field in enumerate(fields) if field}
    assert guess_columns(header.split(",")) == expected


def test_more_telling_header_wins_wherever_it_stands():
    header = ["Subscription", "Product name", "Subscription name"]
    assert guess_columns(header) == {"product_name": 1}


# What it says


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("status", "Active", "active"),
        ("status", "In grace period", "expired"),
        ("status", "Gekündigt", "deleted"),
        ("term", "P1Y", "P1Y"),
        ("term", "1 Year", "P1Y"),
        ("term", "3 Jahre", "P3Y"),
        ("billing_plan", "Annually", "annual"),
        ("auto_renews", "On", True),
        ("auto_renews", "nein", False),
        ("quantity", "0025", 25),
        ("primary_domain", "Contoso.Example", "contoso.example"),
        ("started_at", "2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("started_at", "2026-05-01 10:30", datetime(2026, 5, 1, 10, 30, tzinfo=UTC)),
        (
            "started_at",
            "2026-05-01T10:30:00Z",
            datetime(2026, 5, 1, 10, 30, tzinfo=UTC),
        ),
        (
            "started_at",
            "2026-05-01T00:30:00+02:00",
            datetime(2026, 4, 30, 22, 30, tzinfo=UTC),
        ),
    ],
)
def test_cell_is_understood(field, text, expected):
    assert value(field, text) == expected


@pytest.mark.parametrize("text", ["01.05.2026", "1/5/2026", "01-05-2026", "2026-05-01"])
def test_day_comes_first_when_that_is_declared(text):
    expected = datetime(2026, 5, 1, tzinfo=UTC)
    assert value("started_at", text, day_first=True) == expected


def test_time_may_follow_a_day_that_comes_first():
    expected = datetime(2026, 5, 1, 10, 30, tzinfo=UTC)
    assert value("started_at", "01.05.2026 10:30", day_first=True) == expected


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("status", "lost", "“lost” is not known here"),
        ("term", "P2Y", "not known"),
        ("auto_renews", "perhaps", "not known"),
        ("quantity", "-1", "not a number of seats"),
        ("quantity", "1.5", "not a number of seats"),
        ("quantity", "٣", "not a number of seats"),
        ("quantity", "2147483648", "not a number of seats"),
        ("quantity", "9" * 500, "not a number of seats"),
        ("started_at", "2026-02-30", "not a date such as 2026-12-31"),
        ("started_at", "20260501", "not a date"),
        ("started_at", "0001-01-01T00:00:00+10:00", "not a date"),
        ("started_at", "01.05.2026", "say that the day comes first"),
        ("product_name", "x" * 201, "more than 200 characters"),
        ("external_id", "x" * 101, "more than 100 characters"),
        ("por_mpn_id", "x" * 21, "more than 20 characters"),
    ],
)
def test_cell_that_cannot_be_is_refused_with_a_sentence(field, text, words):
    with pytest.raises(ValueError, match=words):
        value(field, text)


@pytest.mark.parametrize("text", ["31.02.2026", "5/2026", "12/31/2026"])
def test_date_that_cannot_be_is_refused_when_the_day_comes_first(text):
    with pytest.raises(ValueError, match=r"not a date such as 31\.12\.2026"):
        value("started_at", text, day_first=True)


def test_text_is_read_once_as_long_as_there_is_room(monkeypatch):
    monkeypatch.setattr(Remembering, "MOST", 1)
    texts = []
    values = Remembering(lambda text: texts.append(text) or text.upper())
    assert [values[text] for text in ("a", "b", "a", "b")] == ["A", "B", "A", "B"]
    assert texts == ["a", "b", "b"]
