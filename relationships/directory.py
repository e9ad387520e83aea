"""Which tenant a domain belongs to: asked of whatever directory was registered.

Signing in lies on the floor above and registers its provider's. Never ask inside a
transaction: the answer may take seconds.
"""

from typing import Protocol
from uuid import UUID


class NoAnswer(Exception):
    """The directory could not be asked, or what it said makes no sense."""


class Directory(Protocol):
    def is_there(self) -> bool:
        """Whether domains can be looked up at all, as the portal is set up."""

    def tenant_of(self, domain: str) -> UUID | None:
        """The id of the tenant that has this domain; None when none has. NoAnswer."""


_registered: list[Directory] = []


def register(directory: Directory) -> None:
    _registered[:] = [directory]


def is_there() -> bool:
    return any(directory.is_there() for directory in _registered)


def tenant_of(domain: str) -> UUID | None:
    """As Directory says; raises NoAnswer."""
    if not is_there():
        raise NoAnswer("no directory")
    return _registered[0].tenant_of(domain)
