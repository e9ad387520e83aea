"""Requests that no browser would send, and what a portal must hold against them."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# More of them: FUZZ_EXAMPLES=2000. Always the same ones, so that a failure stays one.
fuzzed = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

SPECIAL = [
    *[
        "",
        " ",
        "\t",
        "\r\n",
        "\0",
        "a\0b",
        "\x7f",
        "\x1b[31m",
        "\ud800",
        "\udfff\ud800",
    ],
    *["\ufffe", "\uffff", "\ufeff", "\u202eabc", "a\u0301" * 40, "\U0001f4a5" * 300],
    *[
        "0",
        "-1",
        "1",
        "-0",
        "00",
        "+5",
        " 5 ",
        "5.5",
        "5,5",
        "1e309",
        "NaN",
        "Infinity",
    ],
    *["2147483648", "-2147483649", "9223372036854775808", "9" * 400, "9" * 5000],
    *["٣", "½", "0x10", "0b1", "1_000", "True", "null", "None", "on", "[]", "{}"],
    *["2026-02-30", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01"],
    *["2026-01-01T25:61", "29.02.2027", "1970-01-01", "2026-W01-1"],
    *["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    *["a@b", "@", "a@b.example, c@d.example", "a@b.example;" * 60, "x@" + "y" * 300],
    *["' OR 1=1 --", '"; DROP TABLE x; --', "%", "_", "\\", "%s %(a)s {0} {{ a }}"],
    *["<script>alert(1)</script>", "{% include 'x' %}", "=1+1", "../../etc/passwd"],
    *["xn--", "xn--a.example", ".example", "ex..ample", "-.-", "a" * 64 + ".example"],
    *["x" * 255, "x" * 256, "x" * 70_000, "é" * 5_000, "\n" * 5_000, "DE", "de", "ß"],
]
METHODS = ["GET", "HEAD", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
TYPES = [
    *["", "text/plain", "application/json", "application/xml", "multipart/form-data"],
    *["multipart/form-data; boundary=", "multipart/form-data; boundary=x", "nonsense"],
    *["application/x-www-form-urlencoded; charset=utf-16", "a/b; charset=\xff"],
    *["application/x-www-form-urlencoded; charset=none", "APPLICATION/JSON; ;;"],
]
FORM = "application/x-www-form-urlencoded"

values = st.one_of(
    st.sampled_from(SPECIAL),
    st.text(max_size=40),
    st.integers().map(str),
    st.binary(max_size=30),
    st.datetimes().map(str),
)
names = st.one_of(st.text(max_size=12), st.sampled_from(["", "[]", "a.b", "a[0]", "q"]))
headers = st.fixed_dictionaries(
    {},
    optional={
        "HTTP_X_FORWARDED_FOR": st.text("0123456789., :xf%", max_size=40),
        "HTTP_ACCEPT_LANGUAGE": st.text("dezh-;q=0.9, *", max_size=60),
        "HTTP_REFERER": st.text("htps:/.?#ax\\@ ", max_size=40),
        "HTTP_COOKIE": st.text('sessionidcrft=;," \\x', max_size=60),
        "HTTP_USER_AGENT": st.text(st.characters(max_codepoint=255), max_size=40),
        "HTTP_X_REQUESTED_WITH": st.just("XMLHttpRequest"),
        "HTTP_RANGE": st.just("bytes=0-,-1"),
    },
)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


def encode(pairs: list[tuple[str | bytes, str | bytes]]) -> str:
    """As a form is sent, also where that is no Unicode."""
    return "&".join(
        f"{quote_plus(_bytes(name))}={quote_plus(_bytes(value))}"
        for name, value in pairs
    )


@dataclass
class Page:
    """An address, and what its forms send when nobody touches them."""

    address: str
    untouched: list[tuple[str, str]] = field(default_factory=list)


def form_of(html: str) -> list[tuple[str, str]]:
    """Every name that the page's forms send, each with a value that it offers."""
    pairs: list[tuple[str, str]] = []
    for tag in re.findall(r"<(?:input|select|textarea|button)\b[^>]*>", html):
        name = re.search(r'\bname="([^"]*)"', tag)
        value = re.search(r'\bvalue="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken":
            pairs.append((name[1], value[1] if value else "1"))
    for name, options in re.findall(
        r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', html, re.DOTALL
    ):
        pairs += [
            (name, value) for value in re.findall(r'value="([^"]+)"', options)[:1]
        ]
    return pairs


def pages(client: Client, addresses: list[str]) -> list[Page]:
    found = []
    for address in addresses:
        answer = client.get(address)
        is_page = answer.headers.get("Content-Type", "").startswith("text/html")
        html = answer.content.decode() if is_page else ""
        found.append(Page(address, form_of(html)))
    return found


@st.composite
def filled_in(draw: Any, page: Page) -> list[tuple[Any, Any]]:
    """The page's own form, with some of its values replaced, doubled or left out."""
    pairs: list[tuple[Any, Any]] = []
    for name, value in page.untouched:
        what = draw(st.sampled_from(["keep", "keep", "replace", "double", "drop"]))
        if what != "drop":
            pairs.append((name, value if what == "keep" else draw(values)))
        if what == "double":
            pairs.append((name, draw(values)))
    if draw(st.booleans()):
        pairs.append((draw(names), draw(values)))
    return pairs


def send(draw: Any, client: Client, page: Page) -> Any:
    """One request to the page, or to an address that only looks like it."""
    address = page.address
    if draw(st.integers(0, 9)) == 0:
        address += quote_plus(_bytes(draw(values)))[:2_000]
    body, kind = encode(draw(filled_in(page))).encode(), FORM
    if draw(st.integers(0, 4)) == 0:
        body, kind = draw(st.binary(max_size=200)), draw(st.sampled_from(TYPES))
    query = encode(draw(st.lists(st.tuples(names, values), max_size=3)))
    if draw(st.booleans()):
        query = encode(draw(filled_in(page)))
    return client.generic(
        draw(st.sampled_from(METHODS)),
        address,
        body,
        kind,
        QUERY_STRING=query[:100_000],
        **draw(headers),
    )


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever the block stores is gone after it: no example sees another's traces."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)
