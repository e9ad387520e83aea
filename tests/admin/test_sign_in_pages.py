"""The operator's pages about signing in: history, locks, second factors."""

import pytest

from portal.accounts import second_factor, throttling
from portal.accounts.enums import ThrottleScope
from portal.accounts.models import SignIn, Throttle, User
from relationships.models import ActivityRecord
from tests.public.visitor import Visitor
from tests.signin.people import give_password, is_signed_in, with_factor

from .. import stories
from .office import desk, list_url, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return desk(stories.operator())


@pytest.fixture
def person():
    return stories.staff()


def guess(person, times):
    for _ in range(times):
        give_password(Visitor(), person, password="wrong")


def newest() -> ActivityRecord:
    return ActivityRecord.objects.latest("pk")


def test_lock_is_lifted_on_the_persons_page(operator, person, settings):
    settings.GUESSES = 2
    page = url(person.user, "lift-lock")
    assert "Lift the lock" not in text(operator.get(url(person.user)))
    guess(person, 3)
    assert "Lift the lock" in text(operator.get(url(person.user)))
    operator.get(page)
    assert throttling.is_locked(person.user)
    operator.post(page)
    assert newest().operation == "lift_lock"
    assert give_password(Visitor(), person).url == "/"


def test_lock_of_an_address_is_lifted_in_the_list(operator):
    throttling.take(throttling.guesses(ThrottleScope.ADDRESS), "203.0.113.9")
    html = text(operator.get(list_url(Throttle)))
    assert "203.0.113.9" in html
    row = Throttle.objects.get()
    assert operator.post(url(row, "lift")).url == list_url(Throttle)
    assert not Throttle.objects.exists()
    assert newest().operation == "lift_lock"


def test_list_of_limits_names_no_account(operator, person):
    guess(person, 1)
    key = throttling.key_of(person.user.login)
    html = text(operator.get(list_url(Throttle)))
    assert "an account" in html
    assert key not in html


def test_factor_is_removed_with_a_reason(operator, person):
    with_factor(person)
    page = url(person.user, "remove-second-factor")
    operator.post(page, {"reason": ""})
    assert second_factor.is_set_up(person.user)
    operator.post(page, {"reason": "Lost the phone."})
    assert not second_factor.is_set_up(person.user)
    assert (newest().operation, newest().reason) == (
        "remove_second_factor",
        "Lost the phone.",
    )


def test_operator_signs_somebody_out_everywhere(operator, person):
    visitor = Visitor()
    give_password(visitor, person)
    operator.post(url(person.user, "sign-out-everywhere"))
    assert not is_signed_in(visitor)
    assert newest().operation == "sign_out_everywhere"


def test_history_is_shown_and_takes_no_change(operator, person):
    guess(person, 1)
    row = SignIn.objects.get()
    html = text(operator.get(list_url(SignIn)))
    assert "Wrong password" in html
    assert "127.0.0.0/24" in html
    before = list(SignIn.objects.values())
    for page in ("change", "delete"):
        answer = operator.post(url(row, page), {"outcome": "signed_in", "post": "yes"})
        assert answer.status_code == 403
    assert operator.post(list_url(SignIn, "add"), {}).status_code == 403
    assert list(SignIn.objects.values()) == before


def test_keys_of_second_factors_have_no_page(operator, person):
    with_factor(person)
    assert operator.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert operator.get("/admin/otp_static/staticdevice/").status_code == 404


def test_password_of_the_back_office_is_changed_on_the_common_page(operator):
    assert operator.get("/admin/password_change/").url == "/account/password/"
    assert operator.get("/admin/password_change/done/").url == "/account/"


def test_persons_page_leads_to_the_persons_history(operator, person):
    guess(person, 1)
    guess(stories.staff(), 1)
    html = text(operator.get(url(person.user)))
    query = f"?q={person.user.login.replace('@', '%40')}"
    assert f"{list_url(SignIn)}{query}" in html
    listed = operator.get(list_url(SignIn) + query).context["cl"].result_list
    assert [row.user for row in listed] == [person.user]


def test_persons_page_says_so_when_nobody_signed_in(operator, person):
    assert "Latest sign-in" in text(operator.get(url(person.user)))
    assert "Latest sign-in" in text(operator.get(list_url(User, "add")))
