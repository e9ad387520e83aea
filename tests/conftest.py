"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.utils import translation

from portal.foundation import clock, guards
from relationships.actors import Actor

from . import stories
from .at_once import jobs_at_once
from .relationships.support import NOON

# Playwright's synchronous interface runs an event loop in the test's thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

FLUSHING = {"transactional_db", "live_server", "django_db_reset_sequences"}

markets = import_module("relationships.migrations.0002_markets")


@receiver(post_migrate)
def fill_markets_after_flush(sender: Any, **kwargs: Any) -> None:
    """A flush, which has no plan, takes away what a migration has written."""
    if sender.label == "relationships" and "plan" not in kwargs:
        markets.fill(apps, None)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """SQLite in a file: threads would share one connection to a base in memory."""
    if connection.vendor == "sqlite":
        file = tmp_path_factory.mktemp("database") / "test.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = str(file)


@pytest.fixture(autouse=True)
def _portal_settings(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.DEFAULT_FROM_EMAIL = "portal@example.com"
    # Static files as they lie there: nobody has collected them for the tests.
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """The language of a request stays active in its thread, for the next test too."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _jobs_at_once(request) -> Iterator[None]:
    """Unless the test has real workers."""
    if request.node.get_closest_marker("real_workers"):
        yield
        return
    with jobs_at_once():
        yield


@pytest.fixture(autouse=True)
def _guards_lifted_for_flush(request) -> Iterator[None]:
    """A flush deletes every row, which the guards refuse: they are dropped before it,
    and `post_migrate`, which a flush sends, puts them back."""
    marker = request.node.get_closest_marker("django_db")
    flushes = FLUSHING & set(request.fixturenames)
    if not (flushes or (marker and marker.kwargs.get("transaction"))):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    guards.drop(connection.alias)


@pytest.fixture
def at_noon() -> Iterator[None]:
    """A day on which nothing is due."""
    with clock.at(NOON):
        yield


@pytest.fixture
def sales() -> Actor:
    """A partner's sales agent."""
    return stories.staff()


@pytest.fixture
def agent() -> Actor:
    """A partner's admin agent, who may do everything there."""
    return stories.staff(role="admin_agent")


@pytest.fixture
def admin() -> Actor:
    """A tenant's global administrator."""
    return stories.tenant()
