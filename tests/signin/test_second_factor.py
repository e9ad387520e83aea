"""Signing in with a code besides the password."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.accounts.models import SignIn
from tests import stories
from tests.public.visitor import PASSWORD, Visitor, path_of, text_of

from .people import (
    code_at,
    devices,
    give_code,
    give_password,
    is_signed_in,
    with_factor,
    wrong_code,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 12, 0, 5, tzinfo=UTC)
PEOPLE = [stories.staff, stories.operator, stories.tenant]


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NOW, tick=False):
        yield NOW


@pytest.mark.parametrize("person", PEOPLE)
def test_code_is_asked_for_before_anybody_is_signed_in(person):
    actor, visitor = person(), Visitor()
    with_factor(actor)
    answer = give_password(visitor, actor)
    assert answer.url == "/sign-in/code/"
    assert not is_signed_in(visitor)
    assert "_auth_user_id" not in visitor.session
    assert actor.user.full_name not in text_of(visitor.get("/sign-in/code/"))
    assert not SignIn.objects.exists()


def test_session_begins_when_the_code_is_right():
    actor, visitor = stories.staff(), Visitor()
    with_factor(actor)
    give_password(visitor, actor, next="/admin/search/?q=x")
    key = visitor.session.session_key
    assert give_code(visitor, code_at()).url == "/admin/search/?q=x"
    assert is_signed_in(visitor)
    assert visitor.session.session_key != key
    row = SignIn.objects.get()
    assert (row.user, row.outcome, row.factor) == (actor.user, "signed_in", "code")


def test_right_password_is_kept_under_a_key_that_nobody_has_planted():
    actor, visitor = stories.staff(), Visitor()
    with_factor(actor)
    visitor.get("/sign-in/")
    session = visitor.session
    session["planted"] = "by somebody else"
    session.save()
    planted = session.session_key
    visitor.cookies["sessionid"] = planted
    give_password(visitor, actor)
    assert visitor.cookies["sessionid"].value != planted
    visitor.cookies["sessionid"] = planted
    assert visitor.get("/sign-in/code/").url == "/sign-in/"


def test_code_page_leads_to_the_password_when_nobody_is_awaited():
    assert Visitor().get("/sign-in/code/").url == "/sign-in/"


def test_wrong_code_is_told_and_changes_nothing():
    actor, visitor = stories.staff(), Visitor()
    with_factor(actor)
    give_password(visitor, actor)
    answer = give_code(visitor, wrong_code())
    assert "This code is wrong, or was used before." in text_of(answer)
    assert not is_signed_in(visitor)
    assert SignIn.objects.get().outcome == "wrong_code"


@pytest.mark.parametrize("code", ["", "x", "12", "١٢٣", "9" * 40, "-" * 40, "é" * 9])
def test_nonsense_is_no_code(code):
    actor, visitor = stories.staff(), Visitor()
    with_factor(actor)
    give_password(visitor, actor)
    assert give_code(visitor, code).status_code == 200
    assert not is_signed_in(visitor)


def test_code_works_once():
    actor, first, second = stories.staff(), Visitor(), Visitor()
    with_factor(actor)
    for visitor in (first, second):
        give_password(visitor, actor)
    code = code_at()
    give_code(first, code)
    answer = give_code(second, code)
    assert "was used before" in text_of(answer)
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_code_that_set_the_factor_up_does_not_sign_in_too():
    actor, visitor = stories.staff(), Visitor()
    with_factor(actor)
    give_password(visitor, actor)
    give_code(visitor, code_at(-30))
    assert not is_signed_in(visitor)


def test_recovery_code_signs_in_once_however_it_is_written():
    actor, visitor, again = stories.staff(), Visitor(), Visitor()
    code = with_factor(actor)[3]
    give_password(visitor, actor)
    assert give_code(visitor, f" {code.upper().replace('-', ' ')} ").url == "/"
    assert is_signed_in(visitor)
    assert SignIn.objects.get().factor == "recovery_code"
    give_password(again, actor)
    give_code(again, code)
    assert not is_signed_in(again)
    assert "9 recovery codes are left" in text_of(visitor.get("/account/"))


def test_recovery_code_works_when_the_portals_key_was_renewed(settings):
    actor, visitor = stories.staff(), Visitor()
    code = with_factor(actor)[0]
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "renewed"
    give_password(visitor, actor)
    give_code(visitor, code)
    assert is_signed_in(visitor)


def test_somebody_elses_code_does_not_sign_in():
    actor, other, visitor = stories.staff(), stories.staff(), Visitor()
    with_factor(actor)
    code = with_factor(other)[0]
    give_password(visitor, actor)
    give_code(visitor, code)
    assert not is_signed_in(visitor)


def test_password_is_forgotten_when_the_code_takes_too_long():
    actor, visitor = stories.staff(), Visitor()
    with_factor(actor)
    give_password(visitor, actor)
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        assert visitor.get("/sign-in/code/").url == "/sign-in/"
    assert not is_signed_in(visitor)


@pytest.mark.parametrize("change", ["password", "inactive"])
def test_password_is_forgotten_when_the_account_has_changed_meanwhile(change):
    actor, visitor = stories.staff(), Visitor()
    with_factor(actor)
    give_password(visitor, actor)
    if change == "password":
        actor.user.set_password("another horse")
    else:
        actor.user.is_active = False
    actor.user.save()
    assert visitor.get("/sign-in/code/").url == "/sign-in/"


def test_wrong_codes_lock_the_account_until_the_wait_is_over(settings):
    settings.GUESSES = 3
    actor, visitor = stories.staff(), Visitor()
    with_factor(actor)
    give_password(visitor, actor)
    for _ in range(3):
        assert give_code(visitor, wrong_code()).status_code == 200
    before = devices()
    answer = visitor.submit("/sign-in/code/", code=code_at())
    assert answer.status_code == 429
    assert "Too many wrong tries" in text_of(answer)
    assert devices() == before
    with time_machine.travel(NOW + timedelta(minutes=15), tick=False):
        give_password(visitor, actor)
        give_code(visitor, code_at())
        assert is_signed_in(visitor)


def test_right_passwords_do_not_lift_the_lock_on_codes(settings):
    settings.GUESSES = 3
    actor, visitor = stories.staff(), Visitor()
    with_factor(actor)
    for _ in range(3):
        give_password(visitor, actor)
        give_code(visitor, wrong_code())
    give_password(visitor, actor)
    assert give_code(visitor, code_at()).status_code == 429
    assert not is_signed_in(visitor)


def test_link_goes_on_after_the_code_for_a_local_account_of_a_tenant():
    sales, admin, visitor = stories.staff(), stories.tenant(), Visitor()
    invitation = stories.sent_invitation(sales)
    page = path_of(invitation)
    with_factor(admin)
    credentials = {"login": admin.user.login, "password": PASSWORD}
    answer = visitor.submit(page, f"{page}sign-in/", **credentials)
    assert answer.url == "/sign-in/code/"
    assert not is_signed_in(visitor)
    on = give_code(visitor, code_at()).url
    assert visitor.get(on).url == page
    assert f'value="{admin.customer.pk}"' in text_of(visitor.get(page))
    assert invitation.sign_ins.count() == 0
    visitor.submit(page, f"{page}sign-in/", customer=admin.customer.pk)
    assert invitation.sign_ins.get().user == admin.user
