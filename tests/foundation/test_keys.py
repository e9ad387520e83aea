import secrets

import pytest

from portal.foundation.keys import weakness


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "is shorter than 50 characters"),
        ("0123456789" * 4 + "abcdefghi", "is shorter than 50 characters"),
        ("012345678" * 6, "has fewer than 10 different characters"),
        ("django-insecure-" + "0123456789" * 5, "is one for development"),
        ("only-for-development-" + "0123456789" * 5, "is one for development"),
    ],
)
def test_weakness_of_a_key_is_told_in_words(key, why):
    assert str(weakness(key)).startswith(why)


def test_key_of_the_hint_has_no_weakness():
    assert weakness(secrets.token_urlsafe(64)) is None
