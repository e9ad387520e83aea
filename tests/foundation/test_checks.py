import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

from portal.foundation import checks, guards

from .test_guards import NOT_DELETED, drop_one

pytestmark = pytest.mark.django_db


def found(**options):
    return {message.id: message for message in run_checks(**options)}


def test_nothing_is_wrong_with_the_database_when_it_is_migrated():
    assert not [id for id in found(databases=["default"]) if id.startswith("portal.")]


def test_check_names_a_guard_when_it_is_missing():
    drop_one(NOT_DELETED)
    message = found(databases=["default"])["portal.W001"]
    assert NOT_DELETED in message.msg
    assert "'default'" in message.msg
    assert "migrate" in message.hint


def test_migrate_puts_a_missing_guard_back_and_names_it(capsys):
    drop_one(NOT_DELETED)
    call_command("migrate", verbosity=0, skip_checks=False)
    assert NOT_DELETED in capsys.readouterr().err
    assert guards.missing() == []


def test_guards_are_not_missed_when_nothing_was_migrated_yet():
    drop_one(NOT_DELETED)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_migrations RENAME TO not_yet")
    assert "portal.W001" not in found(databases=["default"])


def test_databases_are_asked_only_when_told_to():
    drop_one(NOT_DELETED)
    assert "portal.W001" not in found()
    assert checks.guards_are_installed(app_configs=None) == []
    assert checks.role_cannot_switch_guards_off(app_configs=None) == []


@pytest.mark.parametrize(("keys", "warned"), [([], True), (["a key"], False)])
def test_links_need_keys_of_their_own_when_deployed(settings, keys, warned):
    settings.LINK_KEYS = keys
    warnings = found(include_deployment_checks=True)
    assert ("portal.W003" in warnings) is warned
    assert "portal.W003" not in found()
