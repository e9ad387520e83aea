"""How a visitor comes from a page of ours to the provider and back."""

from typing import Any
from urllib.parse import quote

from tests.public.visitor import Visitor

from .faulty import Faulty

START = "/sign-in/openid/"
FOR_TENANT = "/sign-in/openid/tenant/"
CALLBACK = "/sign-in/openid/callback/"


def to_provider(visitor: Visitor, next_url: str = "", start: str = FOR_TENANT) -> str:
    """The provider's address that the start leads to."""
    query = f"?next={quote(next_url)}" if next_url else ""
    answer = visitor.get(f"{start}{query}")
    assert answer.status_code == 302
    return str(answer.url)


def come_back(
    visitor: Visitor,
    provider: Faulty,
    claims: dict[str, Any],
    next_url: str = "",
    start: str = FOR_TENANT,
) -> Any:
    """The answer of the callback, once somebody with these claims has signed in."""
    url = to_provider(visitor, next_url, start)
    return visitor.get(CALLBACK, provider.sign_in(url, claims))


def sign_in(
    visitor: Visitor,
    provider: Faulty,
    claims: dict[str, Any],
    next_url: str = "",
    start: str = FOR_TENANT,
) -> Any:
    """The page on which a sign-in ends."""
    answer = come_back(visitor, provider, claims, next_url, start)
    assert answer.status_code == 302, answer.content
    return visitor.get(answer.url, follow=True)
