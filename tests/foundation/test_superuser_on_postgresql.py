"""Only PostgreSQL has roles. The portal's own is no superuser, in the tests neither."""

import pytest
from django.core.checks import run_checks
from django.db import connection

pytestmark = pytest.mark.django_db


def warned():
    messages = run_checks(databases=["default"])
    return [message for message in messages if message.id == "portal.W002"]


def test_role_of_the_tests_cannot_switch_guards_off():
    assert warned() == []


def test_check_warns_when_the_role_is_a_superuser():
    # The role is none: a view of this session stands before the catalogue.
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY VIEW pg_roles AS "
            "SELECT current_user AS rolname, TRUE AS rolsuper"
        )
    (message,) = warned()
    assert "superuser" in message.msg
    assert "NOSUPERUSER" in message.hint
