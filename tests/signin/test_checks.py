"""Settings that contradict themselves, and a demo that was deployed."""

import pytest
from django.core.checks import run_checks
from django.db import connection

from portal.demo.accounts import LOGINS
from portal.signin.checks import COUNTS
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def found(**options):
    return {message.id: message for message in run_checks(**options)}


def test_nothing_is_wrong_with_the_defaults():
    assert not [id for id in found() if id.startswith("portal.E02")]


def test_unknown_second_factor_is_named(settings):
    settings.SECOND_FACTOR = "always"
    message = found()["portal.E020"]
    assert "'always'" in message.msg
    assert "optional, staff, everybody" in message.hint


@pytest.mark.parametrize("name", COUNTS)
def test_limit_of_nothing_is_named(settings, name):
    setattr(settings, name, 0)
    assert name in found()["portal.E021"].msg


def test_negative_number_of_proxies_is_named(settings):
    settings.TRUSTED_PROXIES = -1
    assert "portal.E022" in found()


def test_account_of_the_demo_is_named_when_it_is_deployed():
    UserFactory(login=LOGINS[0])
    message = found(include_deployment_checks=True)["portal.E030"]
    assert LOGINS[0] in message.msg
    assert "portal.E030" not in found()


@pytest.mark.parametrize("state", ["debug", "inactive", "none"])
def test_demo_is_not_complained_of_when_it_harms_nobody(settings, state):
    settings.DEBUG = state == "debug"
    if state != "none":
        UserFactory(login=LOGINS[0], is_active=state != "inactive")
    assert "portal.E030" not in found(include_deployment_checks=True)


def test_demo_is_not_looked_for_in_a_database_without_people():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_user RENAME TO not_yet")
    assert "portal.E030" not in found(include_deployment_checks=True)
