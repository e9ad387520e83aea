"""Lists of recipients: read in every shape, and judged without telling of others."""

from contextlib import suppress
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation import clock
from relationships.enums import LineMark
from relationships.services.recipients import (
    Line,
    as_text,
    decoded,
    judged,
    read,
)

from .. import stories
from .support import DAY

ROW = ("Ada Lindgren", "ada@contoso.example", "contoso.example", "C-1")
ADA = Line(1, *ROW)


def values(lines):
    return [(line.name, line.address, line.domain, line.reference) for line in lines]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_list_is_read_with_each_separator(separator):
    text = separator.join(ROW) + "\r\n\r\n" + separator.join(["", "b@x.example"])
    lines = read(text)
    assert values(lines) == [ROW, ("", "b@x.example", "", "")]
    assert [line.number for line in lines] == [1, 3]


def test_columns_are_those_of_the_head_when_there_is_one():
    text = (
        "E-mail;Other;Your reference;Customer domain\nada@x.example;?;C-1;X.Example\n"
    )
    [line] = read(text)
    assert line == Line(2, "", "ada@x.example", "x.example", "C-1")


def test_line_of_one_cell_is_an_address():
    text = "ada@x.example\n bob@y.example \n"
    assert [line.address for line in read(text)] == ["ada@x.example", "bob@y.example"]


def test_quoted_cells_may_have_separators_and_lines():
    [line] = read('"Lindgren, Ada\n",ada@x.example,,C\n')
    assert (line.name, line.reference) == ("Lindgren, Ada", "C")


def test_cells_beyond_the_columns_are_left_out():
    assert values(read("\t".join([*ROW, "more", "still more"]))) == [ROW]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Müller".encode("utf-8-sig"), "Müller"),
        ("Müller".encode("cp1252"), "Müller"),
        ("Müller".encode(), "Müller"),
        (b"\x81", "\ufffd"),  # of neither
    ],
)
def test_file_is_decoded_from_what_spreadsheets_write(content, text):
    assert decoded(content) == text


@pytest.mark.parametrize("text", ["", "\n;;\n", "name;address\n", "\0"])
def test_list_is_refused_when_nobody_is_on_it(text):
    with pytest.raises(ValidationError, match="at least one address"):
        read(text)


def test_list_is_refused_when_it_is_too_long(settings):
    settings.INVITATION_ROWS = 2
    assert len(read("address\na@x.example\nb@x.example\n")) == 2
    with pytest.raises(ValidationError, match="3 lines are too many"):
        read("a@x.example\n" * 3)


def test_list_is_refused_when_it_is_no_csv():
    with pytest.raises(ValidationError, match="no CSV"):
        read("a" * 200_000 + ",b\n")


WORDS = st.characters(exclude_categories=["C", "Z"], exclude_characters="\ufeff")
CELLS = st.text(WORDS, max_size=20)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=5))
def test_lines_are_the_same_when_they_are_written_and_read_again(rows):
    lines = [Line(n, *row[:2], row[2].lower(), row[3]) for n, row in enumerate(rows)]
    kept = [row for row in values(lines) if any(row)]
    if kept:
        assert values(read(as_text(lines))) == kept


@given(st.text(), st.sampled_from(["", "address\n"]))
def test_any_text_is_read_or_refused_in_words(text, head):
    with suppress(ValidationError):  # and nothing else
        lines = read(head + text)
        assert all(isinstance(line, Line) for line in lines)
        assert lines


# Judging


def marks(actor, *lines):
    return [line.mark for line in judged(list(lines), actor.partner)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "why"),
    [
        (Line(1), "missing"),
        (Line(1, address="ada@"), "valid email"),
        (Line(1, address="ada@x.example", domain="no domain"), "Give a domain"),
        (Line(1, "n" * 201, "ada@x.example"), "Name: 200 characters"),
        (Line(1, "", "ada@x.example", "", "r" * 101), "Reference: 100 characters"),
    ],
)
def test_line_is_bad_when_it_makes_no_invitation(sales, line, why):
    [found] = judged([line], sales.partner)
    assert found.mark == LineMark.BAD
    assert why in found.why


@pytest.mark.django_db
def test_line_is_double_when_the_address_and_domain_were_there_before(sales):
    again = Line(2, "Somebody", ADA.address.upper(), ADA.domain)
    elsewhere = Line(3, "", ADA.address, "wingtip.example")
    found = marks(sales, ADA, again, elsewhere)
    assert found == [LineMark.GOOD, LineMark.DOUBLE, LineMark.GOOD]


@pytest.mark.django_db
def test_line_is_good_when_only_a_bad_one_had_the_same_address(sales):
    found = marks(sales, replace(ADA, name="n" * 201), ADA, ADA)
    assert found == [LineMark.BAD, LineMark.GOOD, LineMark.DOUBLE]


@pytest.mark.django_db
def test_line_is_invited_when_this_partner_has_an_open_invitation(sales):
    stories.invitation(
        sales, recipient_email="Ada@Contoso.example", customer_domain=ADA.domain
    )
    with clock.at(clock.now() - 40 * DAY):
        stories.sent_invitation(sales, recipient_email="old@x.example")
    old = Line(2, "", "old@x.example")
    assert marks(sales, ADA, old) == [LineMark.INVITED, LineMark.GOOD]
    assert marks(stories.staff(), ADA) == [LineMark.GOOD]


@pytest.mark.django_db
def test_line_is_linked_when_it_is_this_partners_customer_and_nobody_elses(sales):
    admin = stories.tenant()
    domain = admin.customer.primary_domain
    stories.relationship(sales, admin)
    by_domain = Line(1, "", "ada@x.example", domain)
    by_address = Line(2, "", f"ada@{domain}")
    assert marks(sales, by_domain, by_address) == [LineMark.LINKED] * 2
    assert marks(stories.staff(), by_domain, by_address) == [LineMark.GOOD] * 2


@pytest.mark.django_db
def test_long_list_takes_as_many_queries_as_a_short_one(
    sales, django_assert_num_queries
):
    lines = [Line(n, "", f"{n}@x.example") for n in range(1000)]
    with django_assert_num_queries(2):
        assert set(marks(sales, *lines)) == {LineMark.GOOD}
