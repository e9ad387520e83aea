import logging
from collections.abc import Iterator
from typing import Any

import pytest

from portal.signin.openid import provider as providers

from .faulty import CLIENT_ID, CLIENT_SECRET, Faulty
from .listening import Listening


@pytest.fixture
def provider(settings: Any) -> Iterator[Faulty]:
    """A provider that does right until a test gives it a `fault`."""
    with Listening() as faulty:
        settings.OIDC_ISSUER = faulty.issuer
        settings.OIDC_CLIENT_ID = CLIENT_ID
        settings.OIDC_CLIENT_SECRET = CLIENT_SECRET
        settings.OIDC_TIMEOUT = 5
        settings.PUBLIC_URL = "http://testserver"
        yield faulty
    providers._provider.cache_clear()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog
