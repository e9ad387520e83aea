"""Fixtures that every test may use."""

import os
from collections.abc import Iterator

import pytest
from django.db import connection

from portal.foundation import guards

# Playwright's synchronous interface runs an event loop in the test's thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

FLUSHING = {"transactional_db", "live_server", "django_db_reset_sequences"}


@pytest.fixture(autouse=True)
def _portal_settings(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.DEFAULT_FROM_EMAIL = "portal@example.com"
    # Static files as they lie there: nobody has collected them for the tests.
    settings.WHITENOISE_AUTOREFRESH = True


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
