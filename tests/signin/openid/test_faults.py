"""Everything that can go wrong has a page with a way on, and changes nothing."""

import socket
import threading
from datetime import timedelta

import pytest

from portal.accounts.models import Identity, User
from portal.foundation import clock
from tests import stories
from tests.factories import CustomerFactory
from tests.public.visitor import Visitor, everything_stored, path_of, text_of

from .faulty import CLIENT_SECRET, person
from .walking import CALLBACK, FOR_TENANT, START, come_back, sign_in, to_provider

pytestmark = pytest.mark.django_db

DOWN = "Microsoft does not answer"
SLOW = "Microsoft takes too long"
GARBAGE = "Microsoft gave an answer that makes no sense"
REFUSED = "Microsoft refused this portal"
NOT_GENUINE = "This sign-in could not be verified"
UNTIMELY = "This sign-in is too old or from the future"
NOBODY = "Microsoft did not say who you are"
NO_ROLES = "Microsoft did not say which roles you have"
NOT_OPEN = "This sign-in is no longer open"
USED = "This sign-in was used already"

PLACES = ["discovery", "token", "keys"]
AT_THE_START = {
    "discovery:down": (DOWN, 502),
    "discovery:redirect": (GARBAGE, 502),
    "discovery:no json": (GARBAGE, 502),
    "discovery:a list": (GARBAGE, 502),
    "discovery:empty": (GARBAGE, 502),
    "discovery:other issuer": (GARBAGE, 502),
    "discovery:no endpoints": (GARBAGE, 502),
    "discovery:script endpoint": (GARBAGE, 502),
}
AT_THE_END = {
    "keys:down": (DOWN, 502),
    "keys:redirect": (GARBAGE, 502),
    "keys:no json": (GARBAGE, 502),
    "keys:a list": (GARBAGE, 502),
    "keys:empty": (GARBAGE, 502),
    "keys:no keys": (GARBAGE, 502),
    "token:down": (DOWN, 502),
    "token:redirect": (GARBAGE, 502),
    "token:no json": (GARBAGE, 502),
    "token:a list": (GARBAGE, 502),
    "token:empty": (GARBAGE, 502),
    "token:no id_token": (GARBAGE, 502),
    "token:wrong secret": (REFUSED, 502),
    "token:garbage id_token": (NOT_GENUINE, 400),
    "token:long garbage": (NOT_GENUINE, 400),
    "bad signature": (NOT_GENUINE, 400),
    "unknown key": (NOT_GENUINE, 400),
    "key named by a list": (NOT_GENUINE, 400),
    "alg none": (NOT_GENUINE, 400),
    "public key as secret": (NOT_GENUINE, 400),
    "client secret as key": (NOT_GENUINE, 400),
    "altered": (NOT_GENUINE, 400),
    "claims as a list": (NOT_GENUINE, 400),
    "foreign audience": (NOT_GENUINE, 400),
    "two audiences": (NOT_GENUINE, 400),
    "foreign issuer": (NOT_GENUINE, 400),
    "issuer of another tenant": (NOT_GENUINE, 400),
    "issuer with the placeholder": (NOT_GENUINE, 400),
    "no issuer": (NOT_GENUINE, 400),
    "wrong nonce": (NOT_GENUINE, 400),
    "no nonce": (NOT_GENUINE, 400),
    "never expires": (NOT_GENUINE, 400),
    "no time of issue": (NOT_GENUINE, 400),
    "no sub": (NOT_GENUINE, 400),
    "times as words": (NOT_GENUINE, 400),
    "no tid": (NOT_GENUINE, 400),
    "tid that is none": (NOT_GENUINE, 400),
    "expired": (UNTIMELY, 400),
    "not yet valid": (UNTIMELY, 400),
    "from the future": (UNTIMELY, 400),
    "no oid": (NOBODY, 403),
    "empty oid": (NOBODY, 403),
    "endless oid": (NOBODY, 403),
    "no wids": (NO_ROLES, 403),
    "wids as words": (NO_ROLES, 403),
}


@pytest.fixture
def path():
    """An invitation's, which has been opened."""
    path = path_of(stories.sent_invitation(stories.staff()))
    Visitor().get(path)
    return path


@pytest.fixture
def ada():
    """Global Administrator of a tenant that is known here."""
    return person(tid=str(CustomerFactory().tenant_id))


def stored():
    people = [list(model.objects.order_by("pk").values()) for model in (User, Identity)]
    return everything_stored(), people


def assert_came_to_nothing(visitor, answer, heading, status, path, before):
    page = text_of(answer)
    assert answer.status_code == status
    assert f"<h1>{heading}</h1>" in page
    assert "Nothing was changed." in page
    assert f'href="{path}"' in page
    assert f'href="{FOR_TENANT}?next=' in page
    assert "Traceback" not in page
    assert stored() == before
    assert not visitor.session.get("_auth_user_id")


@pytest.mark.parametrize("fault", AT_THE_START)
def test_start_leads_to_a_page_when_the_provider_fails(provider, path, fault):
    heading, status = AT_THE_START[fault]
    provider.fault = fault
    visitor, before = Visitor(), stored()
    answer = visitor.get(FOR_TENANT, {"next": path})
    assert_came_to_nothing(visitor, answer, heading, status, path, before)
    assert "openid_attempts" not in visitor.session


@pytest.mark.parametrize("fault", AT_THE_END)
def test_sign_in_comes_to_nothing_when_the_answer_is_wrong(
    provider, path, ada, fault, log
):
    heading, status = AT_THE_END[fault]
    provider.fault = fault
    visitor, before = Visitor(), stored()
    answer = come_back(visitor, provider, ada, path)
    assert_came_to_nothing(visitor, answer, heading, status, path, before)
    ours = [row.getMessage() for row in log.records if row.name.startswith("portal")]
    assert len(ours) == 1
    for row in log.records:
        for secret in (CLIENT_SECRET, "eyJ", "code=", ada["oid"], ada["email"]):
            assert secret not in row.getMessage()


@pytest.mark.parametrize("fault", AT_THE_END)
def test_sign_in_works_again_when_the_fault_is_gone(provider, path, ada, fault):
    provider.fault = fault
    visitor = Visitor()
    come_back(visitor, provider, ada, path)
    provider.fault = ""
    with clock.at(clock.now() + timedelta(seconds=61)):  # keys are asked for again
        assert "Your decision" in text_of(sign_in(visitor, provider, ada, path))


def come_to_a_fault(visitor, provider, ada, path):
    if provider.fault.startswith("discovery:"):
        return visitor.get(FOR_TENANT, {"next": path})
    return come_back(visitor, provider, ada, path)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fault", ["slow", "drip", "head in drops"])
def test_provider_is_not_waited_for_when_it_is_slow(
    provider, path, ada, place, fault, settings
):
    settings.OIDC_TIMEOUT = 0.5
    visitor, before = Visitor(), stored()
    provider.fault = f"{place}:{fault}"
    answer = come_to_a_fault(visitor, provider, ada, path)
    assert_came_to_nothing(visitor, answer, SLOW, 504, path, before)


def test_provider_is_not_waited_for_when_nobody_tells_where_it_is(
    provider, path, settings, monkeypatch
):
    settings.OIDC_ISSUER = "http://nowhere.example/organizations/v2.0"
    settings.OIDC_TIMEOUT = 0.2
    visitor, before = Visitor(), stored()
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **more: released.wait())
    answer = visitor.get(FOR_TENANT, {"next": path})
    released.set()
    assert_came_to_nothing(visitor, answer, SLOW, 504, path, before)


@pytest.mark.parametrize("place", PLACES)
def test_provider_is_not_listened_to_when_it_does_not_stop(provider, path, ada, place):
    visitor, before = Visitor(), stored()
    provider.fault = f"{place}:endless"
    answer = come_to_a_fault(visitor, provider, ada, path)
    assert_came_to_nothing(visitor, answer, GARBAGE, 502, path, before)


def test_start_leads_to_a_page_when_nothing_listens(provider, path, settings):
    settings.OIDC_ISSUER = "http://127.0.0.1:9/organizations/v2.0"
    visitor, before = Visitor(), stored()
    answer = visitor.get(FOR_TENANT, {"next": path})
    assert_came_to_nothing(visitor, answer, DOWN, 502, path, before)


def test_start_leads_to_a_page_when_the_issuer_is_no_address(provider, path, settings):
    settings.OIDC_ISSUER = "http://[::1/v2.0"
    visitor, before = Visitor(), stored()
    answer = visitor.get(FOR_TENANT, {"next": path})
    assert_came_to_nothing(visitor, answer, GARBAGE, 502, path, before)


@pytest.mark.parametrize(
    ("told", "heading", "status"),
    [
        ({"error": "access_denied"}, "You did not sign in", 403),
        ({"error": "login_required"}, "You did not sign in", 403),
        (
            {
                "error": "access_denied",
                "error_description": "AADSTS90094: An administrator has to grant it.",
            },
            "Your organisation has to allow this portal first",
            403,
        ),
        (
            {"error": "consent_required"},
            "Your organisation has to allow this portal first",
            403,
        ),
        ({"error": "temporarily_unavailable"}, DOWN, 502),
        ({"error": "unauthorized_client"}, REFUSED, 502),
        ({"error": "<script>alert(1)</script>"}, REFUSED, 502),
    ],
)
def test_sign_in_comes_to_nothing_when_the_provider_sends_an_error(
    provider, path, ada, told, heading, status
):
    visitor, before = Visitor(), stored()
    state = provider.sign_in(to_provider(visitor, path), ada)["state"]
    answer = visitor.get(CALLBACK, {**told, "state": state})
    assert_came_to_nothing(visitor, answer, heading, status, path, before)
    assert told["error"] not in text_of(answer)


def test_code_serves_once_when_it_is_sent_with_another_state(provider, path, ada):
    visitor = Visitor()
    first = provider.sign_in(to_provider(visitor, path), ada)
    visitor.get(CALLBACK, first)
    visitor.submit("/sign-out/")
    second = provider.sign_in(to_provider(visitor, path), ada)
    before = stored()
    answer = visitor.get(CALLBACK, {**first, "state": second["state"]})
    assert_came_to_nothing(visitor, answer, USED, 400, path, before)


def test_code_of_somebody_else_serves_nobody(provider, path, ada):
    """An attacker's own code, put into a victim's browser."""
    attacker, victim = Visitor(), Visitor()
    stolen = provider.sign_in(to_provider(attacker, path), ada)
    own = provider.sign_in(to_provider(victim, path), ada)
    before = stored()
    answer = victim.get(CALLBACK, {**stolen, "state": own["state"]})
    assert_came_to_nothing(victim, answer, USED, 400, path, before)


def test_refusal_is_told_when_the_provider_sends_no_state_along(provider, path):
    visitor, before = Visitor(), stored()
    visitor.get(FOR_TENANT, {"next": path})
    answer = visitor.get(CALLBACK, {"error": "access_denied"})
    assert answer.status_code == 403
    assert "You did not sign in" in text_of(answer)
    assert "Open its link again" in text_of(answer)
    assert stored() == before


def assert_not_open(visitor, answer, before):
    page = text_of(answer)
    assert answer.status_code == 400
    assert f"<h1>{NOT_OPEN}</h1>" in page
    assert "Open its link again" in page
    assert 'href="/sign-in/"' in page
    assert stored() == before
    assert not visitor.session.get("_auth_user_id")


@pytest.mark.parametrize("state", [None, "", "unheard of", "\u00e4\x00"])
def test_callback_leads_to_a_page_when_the_state_is_unknown(provider, path, ada, state):
    visitor = Visitor()
    sent = provider.sign_in(to_provider(visitor, path), ada)
    before = stored()
    told = {"code": sent["code"], "state": state}
    answer = visitor.get(CALLBACK, {k: v for k, v in told.items() if v is not None})
    assert_not_open(visitor, answer, before)


def test_state_of_another_browser_serves_nobody(provider, path, ada):
    sent = provider.sign_in(to_provider(Visitor(), path), ada)
    visitor, before = Visitor(), stored()
    assert_not_open(visitor, visitor.get(CALLBACK, sent), before)


def test_state_serves_once(provider, path, ada):
    visitor = Visitor()
    provider.fault = "wrong nonce"
    sent = provider.sign_in(to_provider(visitor, path), ada)
    visitor.get(CALLBACK, sent)
    before = stored()
    assert_not_open(visitor, visitor.get(CALLBACK, sent), before)


def test_state_is_too_old_when_ten_minutes_have_passed(provider, path, ada):
    visitor = Visitor()
    sent = provider.sign_in(to_provider(visitor, path), ada)
    before = stored()
    with clock.at(clock.now() + timedelta(minutes=10, seconds=1)):
        answer = visitor.get(CALLBACK, sent)
    assert_not_open(visitor, answer, before)
    assert provider.asked.get("/organizations/oauth2/v2.0/token") is None


def test_page_leads_on_when_the_sign_in_was_finished_already(provider, path, ada):
    visitor = Visitor()
    sent = provider.sign_in(to_provider(visitor, path), ada)
    visitor.get(visitor.get(CALLBACK, sent).url)
    page = text_of(visitor.get(CALLBACK, sent))
    assert NOT_OPEN in page
    assert "Go on as Ada Admin" in page


def test_two_tabs_each_finish_their_own_sign_in(provider, ada):
    sales = stories.staff()
    paths = [path_of(stories.sent_invitation(sales)) for _ in range(2)]
    visitor = Visitor()
    urls = [to_provider(visitor, path) for path in paths]
    for url, path in reversed(list(zip(urls, paths, strict=True))):
        answer = visitor.get(CALLBACK, provider.sign_in(url, ada))
        assert answer.url == path
        assert "Your decision" in text_of(visitor.get(path))


def test_oldest_attempt_makes_room_when_there_are_many(provider, path, ada):
    visitor = Visitor()
    urls = [to_provider(visitor, path) for _ in range(6)]
    assert len(visitor.session["openid_attempts"]) == 5
    before = stored()
    answer = visitor.get(CALLBACK, provider.sign_in(urls[0], ada))
    assert_not_open(visitor, answer, before)
    assert visitor.get(CALLBACK, provider.sign_in(urls[1], ada)).url == path


def test_personal_account_is_refused_with_a_sentence(provider, path):
    consumer = person(tid="9188040d-6c67-4c5b-b112-36a304b66dad")
    visitor, before = Visitor(), stored()
    answer = come_back(visitor, provider, consumer, path)
    heading = "This is a personal account"
    assert_came_to_nothing(visitor, answer, heading, 403, path, before)
    assert "sign in with the account of your organisation" in text_of(answer)


def test_page_says_whom_to_tell_when_roles_are_missing(provider, path, ada):
    provider.fault = "no wids"
    page = text_of(come_back(Visitor(), provider, ada, path))
    assert "the claim “wids” in ID tokens" in page
    assert "for the operator of the portal" in page


@pytest.mark.parametrize("path", [START, FOR_TENANT, CALLBACK])
def test_addresses_are_unknown_when_no_provider_is_set_up(path, settings):
    settings.OIDC_ISSUER = ""
    assert Visitor().get(path).status_code == 404


@pytest.mark.parametrize("path", [START, FOR_TENANT, CALLBACK])
def test_addresses_take_no_post(provider, path):
    visitor = Visitor()
    assert visitor.submit("/sign-in/", path).status_code == 405


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\e"])
def test_sign_in_stays_on_this_portal_when_next_is_elsewhere(provider, ada, target):
    assert come_back(Visitor(), provider, ada, target).url == "/"
