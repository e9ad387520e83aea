from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings

FAST = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@dataclass(frozen=True)
class Run:
    output: str
    mails: int  # that left the portal while it ran


def seed_demo(**options) -> Run:
    output = StringIO()
    before = len(getattr(mail, "outbox", []))
    call_command("seed_demo", stdout=output, **options)
    return Run(output.getvalue(), len(getattr(mail, "outbox", [])) - before)


def rows() -> dict[str, int]:
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if not model._meta.proxy
    }


@pytest.fixture(scope="module")
def first_run(django_db_setup, django_db_blocker) -> Iterator[Run]:
    """The demo, written once; its tests look at it and leave it so."""
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(DEBUG=True, PASSWORD_HASHERS=FAST):
            run = seed_demo()
        yield run
        transaction.set_rollback(True)
