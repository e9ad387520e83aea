"""Where `next` may lead: nowhere but to this portal."""

from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.signin.views import go_on
from tests import stories
from tests.public.visitor import PASSWORD, Visitor

pytestmark = pytest.mark.django_db

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "////evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "\\/evil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "https:\\\\evil.example",
    "https:/\\evil.example",
    "//testserver@evil.example/",
    "https://testserver@evil.example/",
    "https://testserver:x@evil.example/",
    "https://testserver.evil.example/",
    "https://evil.example#testserver",
    "https://evil.example?testserver",
    "https://evil.example\\@testserver/",
    "//evil.example:80/",
    "//[::1]/",
    "//[evil",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "mailto:x@evil.example",
    " //evil.example",
    "\t//evil.example",
    "\x00//evil.example",
    "\x1f//evil.example",
    "\u00a0//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\x08https://evil.example",
    "http\x00://evil.example",
    "/my/\r\nSet-Cookie: a=b",
    "/my/\r\nLocation: https://evil.example/",
    "https://testserver:evil",
    "http://testserver\r.evil.example/",
    "\uff48ttps://evil.example",
    "\uff0f\uff0fevil.example",
    "//\uff45vil.example",
    "/%09/evil.example",
    "/%2f/evil.example",
    "/%5cevil.example",
    "/..//evil.example",
    "/.//evil.example",
]


def leads_to(location: str) -> str:
    """The host that a browser goes to: it takes \\ for / and drops tabs and lines."""
    seen = location.strip("".join(map(chr, range(33))))
    for character in "\t\r\n":
        seen = seen.replace(character, "")
    target = urljoin("http://testserver/sign-in/", seen.replace("\\", "/"))
    parts = urlsplit(target)
    assert parts.scheme in {"http", "https"}, location
    return parts.hostname or ""


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.SIGN_INS_PER_MINUTE = 1_000


def assert_stays(answer: Any, target: str) -> None:
    assert leads_to(answer.headers["Location"]) == "testserver", target
    assert "Set-Cookie" not in answer.headers, target


def test_sign_in_and_out_lead_nowhere_else():
    actor, visitor = stories.tenant(), Visitor()
    credentials = {"login": actor.user.login, "password": PASSWORD}
    for target in ELSEWHERE:
        answer = visitor.submit("/sign-in/", **credentials, next=target)
        assert_stays(answer, target)
        assert_stays(visitor.submit("/sign-out/", next=target), target)


def test_choice_of_a_tenant_leads_nowhere_else():
    actor = stories.tenant()
    visitor = Visitor().acting_as(actor)
    for target in ELSEWHERE:
        data = {"customer": actor.customer.pk, "next": target}
        assert_stays(visitor.submit("/my/act-as/", **data), target)


def test_back_office_leads_nowhere_else():
    actor = stories.staff()
    visitor = Visitor().acting_as(actor)
    for target in ELSEWHERE:
        assert_stays(visitor.get("/admin/login/", {"next": target}), target)
        data = {"actor": actor.key, "next": target}
        assert_stays(visitor.submit("/admin/act-as/", **data), target)


def test_switch_of_the_language_leads_nowhere_else():
    for target in ELSEWHERE:
        answer = Visitor().submit("/", "/language/", language="de", next=target)
        assert leads_to(answer.headers["Location"]) == "testserver", target


@settings(max_examples=2_000, derandomize=True, deadline=None)
@given(st.text("/\\:@.?#%\t\r\n \x00htpsevil0259afFAC", max_size=24))
def test_any_next_leads_nowhere_else(target):
    request = RequestFactory().post("/sign-in/", {"next": target})
    assert leads_to(go_on(request).headers["Location"]) == "testserver"
