"""Every page: no cache keeps it, no other site hears of it, nothing runs in it."""

import re

import pytest

from relationships.services.partners import stop_partner_link
from tests import stories

from .visitor import PASSWORD, Visitor, path_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages():
    """Each page's address with who opens it."""
    sales, admin = stories.staff(), stories.tenant()
    user = stories.tenant(role="user")
    stopped = stories.staff()
    stop_partner_link(stopped.partner, actor=stopped)
    stories.observation(admin.customer)
    relationship = stories.relationship(sales, admin)
    asking = stories.staff()
    taken = stories.signed_in_invitation(asking, admin)
    deciding = stories.tenant()
    decision = stories.signed_in_invitation(asking, deciding)
    closed = stories.signed_in_invitation(asking, user)
    return [
        ("/", None),
        ("/sign-in/", None),
        ("/sign-in/code/", None),
        ("/password/", None),
        ("/password/sent/", None),
        ("/password/new/MQ/none/", None),
        ("/password/done/", None),
        ("/account/", admin),
        ("/account/password/", admin),
        ("/account/second-factor/", admin),
        ("/sign-out/", admin),
        ("/my/", admin),
        ("/my/act-as/", admin),
        (f"/my/receipts/{relationship.pk}/", admin),
        (f"/my/receipts/{relationship.pk}/", deciding),
        (path_of(relationship.invitation), None),
        (path_of(relationship.invitation), admin),
        (path_of(taken), admin),
        (path_of(decision), None),
        (path_of(decision), deciding),
        (path_of(closed), user),
        (path_of(sales.partner), None),
        (path_of(sales.partner), admin),
        (path_of(stopped.partner), None),
        ("/invitations/unknown/", None),
        ("/my/", None),
    ]


def test_every_page_is_kept_by_no_cache_and_runs_nothing_foreign(pages):
    for path, actor in pages:
        visitor = Visitor().acting_as(actor) if actor else Visitor()
        answer = visitor.get(path)
        assert "no-store" in answer["Cache-Control"], path
        assert answer["Referrer-Policy"] == "same-origin", path
        assert answer["X-Frame-Options"] == "DENY", path
        assert answer["X-Content-Type-Options"] == "nosniff", path
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert "camera=(), " in answer["Permissions-Policy"], path
        policy = answer["Content-Security-Policy"]
        assert "default-src 'self'" in policy, path
        assert "unsafe" not in policy, path
        html = answer.content.decode()
        assert not re.search(r"\s(style|on\w+)=", html), path
        assert not re.search(r"<script(?![^>]*\ssrc=\"/static/)", html), path
        assert not re.search(r"(src|href)=\"(https?:)?//", html), path


def test_every_page_posts_only_with_a_key(pages):
    for path, actor in pages:
        visitor = Visitor().acting_as(actor) if actor else Visitor()
        html = visitor.get(path).content.decode()
        forms = re.findall(r"<form.*?</form>", html, re.DOTALL)
        for form in forms:
            assert 'method="post"' in form, path
            assert "csrfmiddlewaretoken" in form, path


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/admin/", "/nothing/", "/healthz"])
def test_transport_is_strict_when_it_is_https(path, settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    answer = Visitor().get(path, secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_cookies_are_kept_from_scripts_and_other_sites(settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.LANGUAGE_COOKIE_SECURE = True
    actor = stories.tenant()
    visitor = Visitor(headers={"referer": "https://testserver/"})
    key = str(visitor.get("/sign-in/", secure=True).context["csrf_token"])
    data = {"login": actor.user.login, "password": PASSWORD}
    data["csrfmiddlewaretoken"] = key
    answer = visitor.post("/sign-in/", data, secure=True)
    data = {"language": "de", "csrfmiddlewaretoken": answer.cookies["csrftoken"].value}
    answer = visitor.post("/language/", data, secure=True)
    assert set(visitor.cookies) == {"sessionid", "csrftoken", "django_language"}
    for cookie in visitor.cookies.values():
        assert cookie["secure"], cookie.key
        assert cookie["httponly"], cookie.key
        assert cookie["samesite"] == "Lax", cookie.key


def test_policy_has_no_exception():
    policy = Visitor().get("/")["Content-Security-Policy"]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    pictures = directives.pop("img-src")
    assert pictures == "'self' data:"
    assert set(directives.values()) == {"'self'", "'none'"}
