"""Every page: no cache keeps it, no other site hears of it, nothing runs in it."""

import re

import pytest

from relationships.services.partners import stop_partner_link
from tests import stories

from .visitor import Visitor, path_of

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
