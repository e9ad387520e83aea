"""Log lines without what would let a reader in: links' tokens, codes, secrets.

A formatter, since it has the last word: it sees what is put together from a message,
its arguments and a traceback, whoever logs it.
"""

import logging
import re

HIDDEN = "[hidden]"
_SLASH = r"(?:/|%(?:25)*2f)"  # an address may stand in the query of another
_EQUALS = r"(?:=|%(?:25)*3d|[\"']: ?[\"'])"
_BEFORE = r"(?:^|[?&;,\s\"'{(]|%(?:25)*(?:3f|26))"
_PART = r"[^/\s\"'<>?&#%\\]+"
_NAMES = (
    "access_token|assertion|client_secret|code|code_verifier|csrfmiddlewaretoken"
    "|csrftoken|id_token|new_password[12]|nonce|password|refresh_token|secret"
    "|session_state|sessionid|state|token"
)
# What follows these in a path lets whoever has it in. A reset's link has two parts.
_PATH = re.compile(
    rf"({_SLASH}(?:invitations|partners){_SLASH}){_PART}"
    rf"|({_SLASH}password{_SLASH}new{_SLASH}){_PART}{_SLASH}{_PART}",
    re.IGNORECASE,
)
_VALUE = re.compile(
    rf"({_BEFORE}(?:{_NAMES}){_EQUALS})(?:(?!%(?:25)*26)[^&;\s\"'}}<>])+",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\b((?:Bearer|Basic) )[\w.~+/=-]+", re.IGNORECASE)

_NO_ADDRESS = r"\s<>\"'()\[\]{},;:=/"
_ADDRESS = re.compile(
    rf"(?:\"[^\"\n]*\"|[^{_NO_ADDRESS}]+)@(?:\[[^\]\s]*\]|[^{_NO_ADDRESS}]+)"
)


def without_addresses(text: str) -> str:
    """The same text, with every e-mail address hidden."""
    return _ADDRESS.sub(HIDDEN, text)


def redact(text: str) -> str:
    """The same text, with every token and secret hidden."""
    text = _PATH.sub(lambda found: f"{found[1] or found[2]}{HIDDEN}", text)
    for pattern in (_VALUE, _HEADER):
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text


class RedactingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class Redacted(logging.Formatter):
    """What another formatter makes of a record, redacted."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return redact(self._inner.format(record))
