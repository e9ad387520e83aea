"""A portal that listens, and browsers that are watched while people use it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from playwright.sync_api import Page, expect

from ..browser import chromium_path
from .watching import Watch

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SCREENS = Path("test-results") / "screens"
CLIPBOARD = ["clipboard-read", "clipboard-write"]
DESKTOP = {"width": 1280, "height": 900}

OpenBrowser = Callable[..., Page]

expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: Any) -> dict[str, Any]:
    found = {"executable_path": chromium_path(), "args": FLAGS}
    return {**browser_type_launch_args, **found}


@pytest.fixture(scope="session", autouse=True)
def _static_files_as_they_lie_there() -> Iterator[None]:
    """The server of all tests starts before the settings of any one of them."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(autouse=True)
def portal(live_server: Any, settings: Any) -> str:
    """The address of a running portal; the links that it writes lead to it."""
    settings.PUBLIC_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Iterator[Watch]:
    folder = request.config.rootpath / SCREENS / request.node.originalname
    shutil.rmtree(folder, ignore_errors=True)
    watching = Watch(folder)
    yield watching
    assert watching.complaints == []


@pytest.fixture
def open_browser(portal: str, new_context: Any, watch: Watch) -> OpenBrowser:
    """Opens a browser of somebody's own: no cookies are shared with another one."""

    def open_one(**options: Any) -> Page:
        context = new_context(base_url=portal, viewport=DESKTOP, **options)
        context.set_default_timeout(10_000)
        context.grant_permissions(CLIPBOARD, origin=portal)
        watch.follow(context)
        return context.new_page()

    return open_one
