"""Each page that the URL resolver knows, as every role gets it, bears every reader:
in light and dark, on a desk and on a phone, by eye, by ear and by keyboard."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from .looking import DESKTOP, Eye, note, open_shelf, report
from .walk import Page, different, walk
from .watching import Watch

# The walk has a transaction of its own, but takes a database that has been set up.
# It is long: one process walks it.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("pages")]

# For so many requests from one address at once.
QUICK = {
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    "LINKS_PER_MINUTE": 10_000,
    "SIGN_INS_PER_MINUTE": 10_000,
}


@pytest.fixture(scope="session")
def pages(django_db_setup: None, django_db_blocker: Any) -> list[Page]:
    """All of them; the rows behind them are gone when they are kept."""
    with (
        override_settings(**QUICK),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        found = list(walk())
        transaction.set_rollback(True)
    return found


@pytest.fixture(autouse=True)
def portal() -> None:
    """Kept pages need no server."""


@pytest.fixture
def eye(new_context: Any, watch: Watch) -> Iterator[Eye]:
    context = new_context(viewport=DESKTOP, reduced_motion="reduce")
    with open_shelf() as shelf:
        yield Eye(context, watch, shelf)


def test_page_has_no_fault(eye: Eye, pages: list[Page]):
    faults: dict[str, list[Page]] = {}
    for page in different(pages):
        note(faults, eye.faults(page), page)
    assert not faults, "\n".join(report(faults))


def test_every_template_of_a_page_is_seen(pages: list[Page]):
    folder = settings.BASE_DIR / "templates"
    files = {str(file.relative_to(folder)) for file in folder.rglob("*.html")}
    seen = set().union(*(page.templates for page in pages))
    assert {file for file in files if "/email/" not in file} - seen == set()
