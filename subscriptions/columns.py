"""From a table's cells to a statement's fields: which column says what, and how.

Headers are known as the reference system's exports, this portal's own lists and the
field names have them. A cell that cannot be understood is a ValueError with a sentence.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .enums import BillingPlan, SubscriptionStatus, Term

TENANT_ID, DOMAIN, CHANNEL = "tenant_id", "primary_domain", "channel"

# What a file can say, in the order in which a person is asked; the first names win.
LABELS = {
    TENANT_ID: gettext_lazy("Tenant ID"),
    DOMAIN: gettext_lazy("Primary domain"),
    CHANNEL: gettext_lazy("Channel"),
    "external_id": gettext_lazy("Subscription ID"),
    "product_name": gettext_lazy("Product"),
    "quantity": gettext_lazy("Seats"),
    "status": gettext_lazy("Status"),
    "term": gettext_lazy("Term"),
    "billing_plan": gettext_lazy("Billing plan"),
    "started_at": gettext_lazy("Started at"),
    "commitment_ends_at": gettext_lazy("Commitment ends at"),
    "auto_renews": gettext_lazy("Renews automatically"),
    "friendly_name": gettext_lazy("Friendly name"),
    "por_name": gettext_lazy("Partner of Record"),
    "por_mpn_id": gettext_lazy("MPN ID of the Partner of Record"),
}
REQUIRED = ("product_name", "quantity")

HEADERS = {
    TENANT_ID: "microsoft id; tenant id; customer tenant id; customer id; mandanten-id",
    DOMAIN: "primary domain name; primary domain; domain; primäre domäne",
    CHANNEL: "channel; purchase channel; sales channel; kanal",
    "external_id": (
        "subscription id; external id; id elsewhere; subscription identifier; "
        "abonnement-id; abonnement id"
    ),
    "product_name": (
        "product name; product; subscription; subscription name; product title; "
        "offer name; license; produktname; produkt; abonnement"
    ),
    "quantity": (
        "quantity; seats; total licenses; licenses; purchased quantity; license count; "
        "menge; anzahl; lizenzen; lizenzen gesamt"
    ),
    "status": "status; subscription status; state; abonnementstatus",
    "term": "term; term duration; subscription length; laufzeit",
    "billing_plan": (
        "billing plan; billing cycle; billing frequency; billing term; "
        "abrechnungsplan; abrechnungshäufigkeit"
    ),
    "started_at": "started at; start date; effective start date; startdatum; beginn",
    "commitment_ends_at": (
        "commitment ends at; commitment end date; end date; expiration date; "
        "renewal date; renewal or expiration date; runs until; enddatum; ablaufdatum; "
        "verlängerungsdatum"
    ),
    "auto_renews": (
        "auto renews; auto renew; auto renewal; auto-renew; autorenew; "
        "renews automatically; recurring billing; automatische verlängerung"
    ),
    "friendly_name": "friendly name; nickname; anzeigename",
    "por_name": (
        "por name; reseller; partner of record; partner on record; partner; "
        "partner name"
    ),
    "por_mpn_id": (
        "por mpn id; mpn id; partner mpn id; reseller mpn id; partner id; "
        "mpn id of the partner of record"
    ),
}


def _plain(header: str) -> str:
    return re.sub(r"[\s_]+", " ", header).strip().casefold()


KNOWN = {name: field for field, names in HEADERS.items() for name in names.split("; ")}
RANK = {name: rank for rank, name in enumerate(KNOWN)}


def guess_columns(header: list[str]) -> dict[str, int]:
    """Field to the number of its column, as far as the header tells.

    Where several columns could be the same field, the more telling name wins.
    """
    found: dict[str, tuple[int, int]] = {}
    for number, text in enumerate(header):
        name = _plain(text)
        if field := KNOWN.get(name):
            found[field] = min(found.get(field, (len(KNOWN), 0)), (RANK[name], number))
    return {field: number for field, (_rank, number) in found.items()}


# Cells

LARGEST_NUMBER = 2_147_483_647
ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d.*)?\Z", re.ASCII)
DAY_FIRST = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:,? (\d{1,2}):(\d\d)(?::(\d\d))?)?\Z",
    re.ASCII,
)


def _spoken(choices: Any, **others: str) -> dict[str, str]:
    """The words for each value: itself and other ones."""
    words = {str(value).casefold(): str(value) for value in choices.values}
    return words | {
        word: value for value, more in others.items() for word in more.split("; ")
    }


STATUSES = _spoken(
    SubscriptionStatus,
    active="enabled; aktiv; aktiviert",
    suspended="ausgesetzt; gesperrt",
    expired="warning; in grace period; abgelaufen",
    disabled="deactivated; locked out; lockedout; deaktiviert",
    deleted="cancelled; canceled; gelöscht; gekündigt",
)
TERMS = _spoken(
    Term,
    P1M="1 month; monthly; one month; 1 monat",
    P1Y="1 year; annual; yearly; one year; 12 months; 1 jahr",
    P3Y="3 years; 3 year; triennial; three years; 36 months; 3 jahre",
)
PLANS = _spoken(
    BillingPlan,
    monthly="1 month; monatlich",
    annual="yearly; annually; 1 year; jährlich",
    triennial="3 years; alle drei jahre",
)
YES_OR_NO = {
    **dict.fromkeys(("yes", "true", "on", "1", "enabled", "ja", "wahr", "ein"), True),
    **dict.fromkeys(
        ("no", "false", "off", "0", "disabled", "nein", "falsch", "aus"), False
    ),
}


def _one_of(words: dict[str, Any], text: str) -> Any:
    try:
        return words[_plain(text)]
    except KeyError:
        raise ValueError(_("“%(text)s” is not known here.") % {"text": text}) from None


def _quantity(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > LARGEST_NUMBER:
        raise ValueError(_("“%(text)s” is not a number of seats.") % {"text": text})
    return int(text)


def _moment(text: str, day_first: bool) -> datetime:
    try:
        moment = _read_moment(text, day_first)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(_not_a_date(text, day_first)) from None


def _read_moment(text: str, day_first: bool) -> datetime:
    if ISO.match(text):
        return datetime.fromisoformat(text)
    found = DAY_FIRST.match(text) if day_first else None
    if found is None:
        raise ValueError
    day, month, year, hour, minute, second = (int(p or 0) for p in found.groups())
    return datetime(year, month, day, hour, minute, second)


def _not_a_date(text: str, day_first: bool) -> str:
    if day_first:
        words = _("“%(text)s” is not a date such as 31.12.2026 or 2026-12-31.")
    elif DAY_FIRST.match(text):
        words = _("“%(text)s”: say that the day comes first, or write 2026-12-31.")
    else:
        words = _("“%(text)s” is not a date such as 2026-12-31.")
    return words % {"text": text}


def _at_most(most: int) -> Callable[[str], str]:
    def text_of(text: str) -> str:
        if len(text) > most:
            raise ValueError(
                _("It has more than %(most)s characters.") % {"most": most}
            )
        return text

    return text_of


NOBODY = UUID(int=0)


def _tenant(text: str) -> UUID:
    """What is no tenant's id is nobody's."""
    try:
        return UUID(text)
    except ValueError:
        return NOBODY


def _no_formula(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    def value_of(text: str) -> Any:
        if text.startswith("="):
            raise ValueError(_("It is a formula, not a value."))
        return convert(text)

    return value_of


def converters(*, day_first: bool) -> dict[str, Callable[[str], Any]]:
    """How each field's text becomes its value; a ValueError has the sentence."""
    how: dict[str, Callable[[str], Any]] = {
        TENANT_ID: _tenant,
        DOMAIN: str.lower,
        CHANNEL: str.casefold,
        "external_id": _at_most(100),
        "product_name": _at_most(200),
        "quantity": _quantity,
        "status": lambda text: _one_of(STATUSES, text),
        "term": lambda text: _one_of(TERMS, text),
        "billing_plan": lambda text: _one_of(PLANS, text),
        "started_at": lambda text: _moment(text, day_first),
        "commitment_ends_at": lambda text: _moment(text, day_first),
        "auto_renews": lambda text: _one_of(YES_OR_NO, text),
        "friendly_name": _at_most(100),
        "por_name": _at_most(200),
        "por_mpn_id": _at_most(20),
    }
    return {name: _no_formula(convert) for name, convert in how.items()}


class Remembering(dict[str, Any]):
    """Values by their text: what a file says again and again is read once."""

    MOST = 2000

    def __init__(self, convert: Callable[[str], Any]) -> None:
        super().__init__()
        self.convert = convert

    def __missing__(self, text: str) -> Any:
        value = self.convert(text)
        if len(self) < self.MOST:
            self[text] = value
        return value
