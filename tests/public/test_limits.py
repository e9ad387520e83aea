"""How often one address may ask for a public page."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.accounts.models import Throttle
from relationships.services import invitations
from tests import stories

from .visitor import PASSWORD, Visitor, everything_stored, path_of, text_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 12, 0, 5, tzinfo=UTC)
UNKNOWN = "/invitations/" + "A" * 40 + "/"


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NOW, tick=False):
        yield


def statuses(times: int, ask) -> list[int]:
    return [ask().status_code for _ in range(times)]


def test_links_are_refused_over_the_limit_with_the_time_to_go_on(settings):
    settings.LINKS_PER_MINUTE = 3
    page = path_of(stories.sent_invitation(stories.staff()))
    visitor = Visitor()
    assert statuses(3, lambda: visitor.get(page)) == [200, 200, 200]
    answer = visitor.get(page)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "60"
    assert "no-store" in answer["Cache-Control"]
    assert "Please try again at 12:01:05 UTC." in text_of(answer)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        assert visitor.get(page).status_code == 200


@pytest.mark.parametrize(
    "page", [UNKNOWN, "/partners/x/", "/invitations/", "/password/new/MQ/x-y/"]
)
def test_guessed_links_count_too(settings, page):
    settings.LINKS_PER_MINUTE = 2
    visitor = Visitor()
    assert 429 not in statuses(2, lambda: visitor.get(page))
    assert visitor.get(page).status_code == 429


def test_limit_is_each_addresses_own(settings):
    settings.LINKS_PER_MINUTE = 1
    assert statuses(2, lambda: Visitor().get(UNKNOWN)) == [404, 429]
    assert Visitor(REMOTE_ADDR="198.51.100.9").get(UNKNOWN).status_code == 404


def test_nothing_is_done_over_the_limit(settings):
    settings.LINKS_PER_MINUTE = 2
    sales = stories.staff()
    page = path_of(stories.sent_invitation(sales))
    visitor = Visitor().acting_as(stories.tenant())
    key = str(visitor.get(page).context["csrf_token"])
    visitor.get(page)
    before = everything_stored()
    data = {"csrfmiddlewaretoken": key, "agreed": "on"}
    assert visitor.post(f"{page}accept/", data).status_code == 429
    assert everything_stored() == before


def test_requests_for_a_new_link_have_a_limit_of_their_own(settings):
    settings.ASKS_PER_HOUR = 2
    sales = stories.staff()
    invitation = stories.sent_invitation(sales)
    page = path_of(invitation)
    invitations.withdraw_invitation(invitation, actor=sales)
    visitor = Visitor()
    ask = f"{page}ask/"
    assert statuses(3, lambda: visitor.submit(page, ask, message="Please")) == [
        302,
        302,
        429,
    ]
    assert visitor.get(page).status_code == 200


def test_requests_for_a_new_password_have_a_limit_of_their_own(settings):
    settings.RESETS_PER_HOUR = 2
    visitor = Visitor()
    login = "somebody@people.example"
    assert statuses(3, lambda: visitor.submit("/password/", login=login)) == [
        302,
        302,
        429,
    ]


def test_forms_to_sign_in_have_a_limit_though_the_password_is_right(settings):
    settings.SIGN_INS_PER_MINUTE = 2
    actor = stories.tenant()
    data = {"login": actor.user.login, "password": PASSWORD}
    assert statuses(3, lambda: Visitor().submit("/sign-in/", **data)) == [302, 302, 429]
    assert Visitor().get("/sign-in/").status_code == 200


@pytest.mark.parametrize("page", ["/", "/sign-in/", "/glossary/", "/healthz", "/my/"])
def test_other_pages_are_not_counted(page):
    Visitor().get(page)
    assert not Throttle.objects.exists()
