"""What the provider publishes: asked for, kept, and asked for again."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.checks import run_checks

from portal.foundation import clock
from portal.signin.openid import provider as providers
from tests import stories
from tests.factories import CustomerFactory
from tests.public.visitor import Visitor, path_of, text_of

from .faulty import CLIENT_ID, DISCOVERY, person
from .walking import come_back, sign_in, to_provider

pytestmark = pytest.mark.django_db

METADATA = f"/organizations{DISCOVERY}"
KEYS = "/organizations/discovery/v2.0/keys"


@pytest.fixture
def path():
    return path_of(stories.sent_invitation(stories.staff()))


@pytest.fixture
def ada():
    return person(tid=str(CustomerFactory().tenant_id))


def test_provider_is_asked_with_all_that_protects_the_sign_in(provider, path):
    url = urlsplit(to_provider(Visitor(), path))
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert asked["client_id"] == CLIENT_ID
    assert asked["redirect_uri"] == "http://testserver/sign-in/openid/callback/"
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["prompt"] == "select_account"
    assert len(asked["state"]) >= 40
    assert len(asked["nonce"]) >= 40
    assert len(asked["code_challenge"]) == 43
    again = urlsplit(to_provider(Visitor(), path))
    other = {name: values[0] for name, values in parse_qs(again.query).items()}
    for name in ("state", "nonce", "code_challenge"):
        assert asked[name] != other[name]


@pytest.mark.parametrize("how", ["client_secret_basic", "client_secret_post", "none"])
def test_portal_shows_its_secret_in_the_way_that_the_provider_wants(
    provider, path, ada, settings, how
):
    provider.authentication = how
    if how == "none":
        settings.OIDC_CLIENT_SECRET = ""
    assert "Your decision" in text_of(sign_in(Visitor(), provider, ada, path))


def test_metadata_and_keys_are_asked_for_once_when_people_sign_in(provider, path, ada):
    for _ in range(3):
        sign_in(Visitor(), provider, ada, path)
    assert (provider.asked[METADATA], provider.asked[KEYS]) == (1, 1)


def test_metadata_and_keys_are_asked_for_again_when_a_day_has_passed(
    provider, path, ada
):
    sign_in(Visitor(), provider, ada, path)
    with clock.at(clock.now() + timedelta(minutes=59)):
        to_provider(Visitor(), path)
    assert provider.asked[METADATA] == 1
    with clock.at(clock.now() + timedelta(days=1)):
        come_back(Visitor(), provider, ada, path)
    assert (provider.asked[METADATA], provider.asked[KEYS]) == (2, 2)


def test_keys_are_asked_for_again_when_they_have_rotated(provider, path, ada):
    sign_in(Visitor(), provider, ada, path)
    provider.rotate_keys()
    with clock.at(clock.now() + timedelta(seconds=61)):
        assert "Your decision" in text_of(sign_in(Visitor(), provider, ada, path))
    assert provider.asked[KEYS] == 2


def test_token_needs_no_name_of_a_key_when_there_is_one_key(provider, path, ada):
    provider.fault = "key without a name"
    assert "Your decision" in text_of(sign_in(Visitor(), provider, ada, path))


def test_keys_are_asked_for_once_a_minute_when_tokens_name_unknown_ones(
    provider, path, ada
):
    provider.fault = "unknown key"
    for _ in range(5):
        come_back(Visitor(), provider, ada, path)
    assert provider.asked[KEYS] == 1
    with clock.at(clock.now() + timedelta(seconds=61)):
        for _ in range(5):
            come_back(Visitor(), provider, ada, path)
    assert provider.asked[KEYS] == 2


def test_former_key_is_refused_when_keys_have_rotated(provider, path, ada):
    sign_in(Visitor(), provider, ada, path)
    former = provider.key
    provider.rotate_keys()
    with clock.at(clock.now() + timedelta(seconds=61)):
        sign_in(Visitor(), provider, ada, path)
        provider.fault = "signed by the former key"
        current, provider.key = provider.key, former
        page = text_of(come_back(Visitor(), provider, ada, path))
        provider.key = current
    assert "This sign-in could not be verified" in page


def test_issuer_may_carry_the_placeholder_itself(provider, path, ada, settings):
    settings.OIDC_ISSUER = f"{provider.base}/{{tenantid}}/v2.0"
    assert "Your decision" in text_of(sign_in(Visitor(), provider, ada, path))


def test_landing_offers_both_ways_when_both_are_set_up(provider, path, settings):
    settings.LOCAL_TENANT_SIGN_IN = True
    page = text_of(Visitor().get(path))
    assert "Sign in with Microsoft" in page
    assert 'name="password"' in page
    settings.LOCAL_TENANT_SIGN_IN = False
    page = text_of(Visitor().get(path))
    assert f'href="/sign-in/openid/tenant/?next={path}"' in page
    assert 'name="password"' not in page


def test_button_names_the_provider_as_the_settings_do(provider, path, settings):
    settings.OIDC_NAME = "Keycloak"
    assert "Sign in with Keycloak" in text_of(Visitor().get(path))
    assert "Sign in with Keycloak" in text_of(Visitor().get("/sign-in/"))
    settings.OIDC_ISSUER = ""
    assert "Keycloak" not in text_of(Visitor().get("/sign-in/"))


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({"OIDC_ISSUER": ""}, []),
        ({}, []),
        ({"OIDC_CLIENT_ID": ""}, ["portal.E010"]),
        ({"OIDC_ISSUER": "http://login.example/v2.0"}, ["portal.E011"]),
        ({"OIDC_ISSUER": "http://login.example/v2.0", "DEBUG": True}, []),
    ],
)
def test_check_names_what_is_wrong_with_the_settings(settings, changes, ids):
    settings.DEBUG = False
    settings.OIDC_ISSUER = "https://login.microsoftonline.com/organizations/v2.0"
    settings.OIDC_CLIENT_ID = CLIENT_ID
    for name, value in changes.items():
        setattr(settings, name, value)
    assert [message.id for message in run_checks(tags=["signin"])] == ids


def test_provider_is_another_one_when_the_settings_change(provider, settings):
    before = providers.current()
    assert providers.current() is before
    settings.OIDC_CLIENT_ID = "another"
    assert providers.current() is not before
