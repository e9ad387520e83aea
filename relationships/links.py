"""Links and webhook secrets that are derived, never stored.

A token is the row's id (16 bytes), its link generation (2 bytes) and a MAC over both
(12 bytes), written in 40 URL-safe characters. The MAC is made with the newest key of
LINK_KEYS and accepted from any of them: a link lives as long as its key is listed and
its generation is the row's.
"""

import base64
import binascii
import hashlib
import hmac
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

INVITATION = "invitation"
PARTNER = "partner"

_MAC_BYTES = 12
TOKEN_PATTERN = r"[A-Za-z0-9_-]{40}"  # noqa: S105 -- a pattern, no secret


@dataclass(frozen=True)
class Link:
    """What a genuine token says; whether its generation is the newest is not known."""

    id: uuid.UUID
    generation: int


def _keys() -> list[bytes]:
    """Newest first. Without LINK_KEYS: derived from SECRET_KEY and its fallbacks."""
    keys = settings.LINK_KEYS or [
        hashlib.sha256(b"portal.links:" + key.encode()).hexdigest()
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
    return [key.encode() for key in keys]


def webhook_secrets(id: uuid.UUID, generation: int) -> list[bytes]:
    """What an endpoint's webhooks are signed with; the newest key's comes first."""
    payload = b"webhook\0" + id.bytes + generation.to_bytes(2, "big")
    return [hmac.new(key, payload, "sha256").digest() for key in _keys()]


def _mac(key: bytes, kind: str, payload: bytes) -> bytes:
    return hmac.new(key, kind.encode() + b"\0" + payload, "sha256").digest()[
        :_MAC_BYTES
    ]


def make_token(kind: str, id: uuid.UUID, generation: int) -> str:
    payload = id.bytes + generation.to_bytes(2, "big")
    mac = _mac(_keys()[0], kind, payload)
    return base64.urlsafe_b64encode(payload + mac).decode()


def read_token(kind: str, token: str) -> Link | None:
    """What the token says, or None when it is not one of ours."""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(payload) != 18:
        return None
    if not any(hmac.compare_digest(_mac(key, kind, payload), mac) for key in _keys()):
        return None
    return Link(uuid.UUID(bytes=payload[:16]), int.from_bytes(payload[16:], "big"))


def invitation_url(id: uuid.UUID, generation: int) -> str:
    """The absolute address that goes to the customer."""
    token = make_token(INVITATION, id, generation)
    return settings.PUBLIC_URL + reverse("invitation", args=[token])


def partner_url(id: uuid.UUID, generation: int) -> str:
    """The absolute address of a partner's standing link."""
    token = make_token(PARTNER, id, generation)
    return settings.PUBLIC_URL + reverse("partner-link", args=[token])
