"""A person's own account: second factor, password, sessions, history."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.core import mail

from portal.accounts.models import SignIn, User
from relationships.models import ActivityRecord
from tests import stories
from tests.factories import UserFactory
from tests.public.visitor import PASSWORD, Visitor, text_of

from .people import (
    code_at,
    devices,
    give_code,
    give_password,
    is_signed_in,
    wrong_code,
)

pytestmark = pytest.mark.django_db

NEW = "a-much-better-horse"
SET_UP = "/account/second-factor/"


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(datetime(2026, 5, 4, 12, 0, 5, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def actor():
    return stories.staff()


@pytest.fixture
def visitor(actor):
    visitor = Visitor()
    give_password(visitor, actor)
    return visitor


def operations() -> list[str]:
    return list(ActivityRecord.objects.values_list("operation", flat=True))


def key_shown(visitor) -> str:
    return visitor.session["second_factor_key"]


def set_up(visitor, code=None):
    visitor.get(SET_UP)
    return visitor.submit(SET_UP, code=code or code_at(key=key_shown(visitor)))


@pytest.mark.parametrize(
    "page",
    ["", "password/", "second-factor/", "recovery-codes/", "second-factor/remove/"],
)
def test_account_is_for_people_who_are_signed_in(page):
    address = f"/account/{page}"
    assert Visitor().get(address).url == f"/sign-in/?next={address}"


def test_account_leads_home_when_a_person_is_nobody_here():
    visitor = Visitor()
    visitor.force_login(UserFactory())
    assert visitor.get("/account/").url == "/"


def test_account_shows_the_sign_ins_of_this_person_alone(visitor):
    other = Visitor()
    give_password(other, stories.staff(), password="wrong")
    html = text_of(visitor.get("/account/"))
    assert "Signed in" in html
    assert "127.0.0.0/24" in html
    assert "Wrong password" not in html


def test_set_up_shows_the_key_as_picture_and_in_letters(visitor):
    html = text_of(visitor.get(SET_UP))
    assert 'src="data:image/svg+xml' in html
    assert re.search(r"<code>([A-Z2-7]{4} ){7}[A-Z2-7]{4}</code>", html)
    assert text_of(visitor.get(SET_UP)).count("data:image") == 1
    assert not devices()


def test_set_up_switches_the_factor_on_and_shows_recovery_codes_once(visitor, actor):
    answer = set_up(visitor)
    codes = re.findall(r"\b[a-z2-9]{5}-[a-z2-9]{5}\b", answer.content.decode())
    assert len(set(codes)) == 10
    assert 'download="recovery-codes.txt"' in text_of(answer)
    assert operations() == ["add_second_factor"]
    assert is_signed_in(visitor)
    assert codes[0] not in text_of(visitor.get("/account/"))
    assert visitor.get(SET_UP).url == "/account/"
    other = Visitor()
    give_password(other, actor)
    assert give_code(other, codes[0]).url == "/"


def test_set_up_changes_nothing_when_the_code_is_wrong(visitor):
    answer = set_up(visitor, code=wrong_code())
    assert "This code does not fit" in text_of(answer)
    assert not devices()
    assert not operations()


def test_set_up_ends_the_sessions_that_began_without_the_factor(visitor, actor):
    other = Visitor()
    give_password(other, actor)
    set_up(visitor)
    assert is_signed_in(visitor)
    assert not is_signed_in(other)


def test_recovery_codes_are_made_anew_when_the_password_is_right(visitor, actor):
    old = re.findall(r"\b[a-z2-9]{5}-[a-z2-9]{5}\b", text_of(set_up(visitor)))
    page = "/account/recovery-codes/"
    assert "This is not your password." in text_of(visitor.submit(page, password="x"))
    answer = visitor.submit(page, password=PASSWORD)
    new = re.findall(r"\b[a-z2-9]{5}-[a-z2-9]{5}\b", text_of(answer))
    assert len(set(new)) == 10
    assert not set(new) & set(old)
    other = Visitor()
    give_password(other, actor)
    give_code(other, old[0])
    assert not is_signed_in(other)
    give_code(other, new[0])
    assert is_signed_in(other)


def test_factor_is_removed_when_the_password_is_right(visitor, actor):
    set_up(visitor)
    page = "/account/second-factor/remove/"
    before = devices()
    assert "This is not your password." in text_of(visitor.submit(page, password="x"))
    assert devices() == before
    assert visitor.submit(page, password=PASSWORD).url == "/sign-in/"
    assert not devices()
    assert operations() == ["remove_second_factor", "add_second_factor"]
    assert not is_signed_in(visitor)
    assert give_password(visitor, actor).url == "/"


@pytest.mark.parametrize("page", ["recovery-codes", "second-factor/remove"])
def test_pages_of_a_factor_lead_back_when_there_is_none(visitor, page):
    assert visitor.get(f"/account/{page}/").url == "/account/"


def test_password_changes_here_and_ends_the_other_sessions(visitor, actor):
    other = Visitor()
    give_password(other, actor)
    answer = visitor.submit(
        "/account/password/", password=PASSWORD, new_password1=NEW, new_password2=NEW
    )
    assert answer.url == "/account/"
    assert is_signed_in(visitor)
    assert not is_signed_in(other)
    assert give_password(Visitor(), actor).status_code == 200
    assert give_password(Visitor(), actor, password=NEW).url == "/"
    assert operations() == ["reset_password"]


def test_person_is_told_by_email_when_the_password_has_changed(
    visitor, actor, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        visitor.submit(
            "/account/password/",
            password=PASSWORD,
            new_password1=NEW,
            new_password2=NEW,
        )
    [message] = mail.outbox
    assert message.to == [actor.user.email]
    assert "was changed just now" in message.body
    assert NEW not in message.body


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (("wrong", NEW, NEW), "This is not your password."),
        ((PASSWORD, NEW, NEW + "x"), "The two password fields didn’t match."),
        ((PASSWORD, "short", "short"), "This password is too short."),
        ((PASSWORD, "x" * 1001, "x" * 1001), "at most 1000 characters"),
    ],
)
def test_password_stays_when_it_may_not_change(visitor, actor, values, sentence):
    before = User.objects.get(pk=actor.user.pk).password
    names = ("password", "new_password1", "new_password2")
    answer = visitor.submit(
        "/account/password/", **dict(zip(names, values, strict=True))
    )
    assert sentence in text_of(answer)
    assert User.objects.get(pk=actor.user.pk).password == before


def test_signing_out_everywhere_ends_every_session(visitor, actor):
    other = Visitor()
    give_password(other, actor)
    answer = visitor.submit("/account/", "/account/sign-out-everywhere/")
    assert answer.url == "/sign-in/"
    assert not is_signed_in(visitor)
    assert not is_signed_in(other)
    assert operations() == ["sign_out_everywhere"]


def test_signing_out_everywhere_takes_a_post(visitor):
    assert visitor.get("/account/sign-out-everywhere/").status_code == 405
    assert is_signed_in(visitor)


def test_signing_out_everywhere_leaves_other_people_signed_in(visitor):
    other = Visitor()
    give_password(other, stories.staff())
    visitor.submit("/account/", "/account/sign-out-everywhere/")
    assert is_signed_in(other)


def test_account_has_no_password_when_a_provider_signed_the_person_in(actor):
    visitor = Visitor().acting_as(actor)
    session = visitor.session
    session["signed_in_by"] = "openid_connect"
    session["signed_in_tenant"] = str(actor.partner.tenant_id)
    session.save()
    html = text_of(visitor.get("/account/"))
    assert "Change the password" not in html
    assert "Sign out everywhere" in html
    for page in ("password/", "second-factor/"):
        assert visitor.get(f"/account/{page}").url == "/account/"


def test_history_tells_wrong_passwords_and_names_no_full_address(actor):
    visitor = Visitor(REMOTE_ADDR="203.0.113.77")
    give_password(visitor, actor, password="wrong")
    give_password(visitor, actor)
    rows = SignIn.objects.order_by("pk").values_list("outcome", "address", "user")
    assert list(rows) == [
        ("wrong_password", "203.0.113.0/24", actor.user.pk),
        ("signed_in", "203.0.113.0/24", actor.user.pk),
    ]
