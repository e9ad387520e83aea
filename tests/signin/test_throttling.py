"""Guessing passwords: counted per account and per address, whoever guesses."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.accounts.models import SignIn, Throttle
from tests import stories
from tests.public.visitor import PASSWORD, Visitor, path_of, text_of

from .people import give_password, is_signed_in

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 12, 0, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now(settings):
    settings.GUESSES, settings.GUESSES_PER_ADDRESS = 3, 8
    with time_machine.travel(NOW, tick=False):
        yield


def guess(login: str, times: int = 1, **options):
    """The last answer to so many wrong passwords."""
    visitor = Visitor(**options)
    for _ in range(times):
        answer = visitor.submit("/sign-in/", login=login, password="wrong")
    return answer


@pytest.mark.parametrize("exists", [True, False])
def test_account_is_locked_alike_whether_or_not_it_exists(exists):
    actor = stories.staff()
    login = actor.user.login if exists else "nobody@people.example"
    assert guess(login, 3).status_code == 200
    answer = guess(login)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert "You can try again at 12:15:05 UTC." in text_of(answer)
    assert login not in text_of(answer)


def test_pages_of_a_lock_are_the_same_whether_or_not_the_account_exists():
    known = guess(stories.staff().user.login, 4)
    unknown = guess("nobody@people.example", 4)
    assert text_of(known) == text_of(unknown)


def test_right_password_is_refused_too_while_the_account_is_locked():
    actor, visitor = stories.staff(), Visitor()
    guess(actor.user.login, 4)
    assert give_password(visitor, actor).status_code == 429
    assert not is_signed_in(visitor)
    with time_machine.travel(NOW + timedelta(minutes=15), tick=False):
        assert give_password(visitor, actor).url == "/"


def test_lock_holds_for_each_way_of_writing_the_account():
    actor = stories.staff()
    guess(actor.user.login, 2)
    guess(f" {actor.user.login.upper()} ")
    assert guess(actor.user.login.title()).status_code == 429


def test_lock_holds_on_the_page_of_a_link_too():
    actor = stories.tenant()
    page = path_of(stories.sent_invitation(stories.staff()))
    guess(actor.user.login, 3)
    credentials = {"login": actor.user.login, "password": PASSWORD}
    answer = Visitor().submit(page, f"{page}sign-in/", **credentials)
    assert answer.status_code == 429


def test_guesses_on_the_page_of_a_link_lock_the_account():
    actor = stories.tenant()
    page = path_of(stories.sent_invitation(stories.staff()))
    for _ in range(3):
        Visitor().sign_in(page, actor, password="wrong")
    assert give_password(Visitor(), actor).status_code == 429


def test_guesses_in_ones_own_account_count_too():
    actor, visitor = stories.staff(), Visitor()
    give_password(visitor, actor)
    for _ in range(3):
        visitor.submit("/account/password/", password="wrong")
    assert visitor.submit("/account/password/", password="wrong").status_code == 429


def test_right_password_forgives_earlier_mistakes():
    actor = stories.staff()
    guess(actor.user.login, 3)
    with time_machine.travel(NOW + timedelta(minutes=15), tick=False):
        guess(actor.user.login, 2)
        assert give_password(Visitor(), actor).url == "/"
        assert guess(actor.user.login, 3).status_code == 200


def test_address_is_locked_when_it_tries_many_accounts():
    for number in range(8):
        assert guess(f"someone{number}@people.example").status_code == 200
    assert guess("one.more@people.example").status_code == 429
    assert guess("one.more@people.example", REMOTE_ADDR="198.51.100.9").status_code == (
        200
    )


def test_own_account_does_not_wash_an_address_clean():
    """Whoever has an account could else sign in between the guesses."""
    actor = stories.staff()
    for number in range(8):
        guess(f"someone{number}@people.example")
        if number < 7:
            give_password(Visitor(), actor)
    assert guess("one.more@people.example").status_code == 429


def test_signing_in_is_no_guess_however_often():
    actor = stories.staff()
    for _ in range(20):
        assert give_password(Visitor(), actor).url == "/"


def test_forwarded_address_neither_helps_nor_harms_when_no_proxy_is_trusted():
    for number in range(8):
        forged = {"HTTP_X_FORWARDED_FOR": f"203.0.113.{number}"}
        guess(f"someone{number}@people.example", **forged)
    forged = {"HTTP_X_FORWARDED_FOR": "203.0.113.99"}
    assert guess("one.more@people.example", **forged).status_code == 429
    victim = guess("x@people.example", REMOTE_ADDR="203.0.113.1")
    assert victim.status_code == 200


def test_address_behind_a_trusted_proxy_is_the_one_that_it_saw(settings):
    settings.TRUSTED_PROXIES = 1
    for number in range(8):
        seen = {"HTTP_X_FORWARDED_FOR": f"192.0.2.{number}, 203.0.113.5"}
        guess(f"someone{number}@people.example", **seen)
    assert guess(
        "a@people.example", HTTP_X_FORWARDED_FOR="203.0.113.5"
    ).status_code == (429)
    assert guess(
        "a@people.example", HTTP_X_FORWARDED_FOR="203.0.113.6"
    ).status_code == (200)


def test_line_of_many_ipv6_addresses_is_one_source():
    for number in range(8):
        address = f"2001:db8:1:2::{number}"
        guess(f"someone{number}@people.example", REMOTE_ADDR=address)
    answer = guess("a@people.example", REMOTE_ADDR="2001:db8:1:2:ffff::1")
    assert answer.status_code == 429


def test_what_is_counted_names_no_account():
    guess("hunter2-typed-in-the-wrong-field")
    assert not Throttle.objects.filter(key__contains="hunter2").exists()
    assert not SignIn.objects.exclude(user=None).exists()


def test_history_tells_of_a_lock_once():
    actor = stories.staff()
    guess(actor.user.login, 6)
    outcomes = SignIn.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["wrong_password"] * 3 + ["locked"]
