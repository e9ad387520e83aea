from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _language_of_other_tests() -> Iterator[None]:
    """A request leaves its language with the thread; the next one sets its own."""
    with translation.override("en"):
        yield
