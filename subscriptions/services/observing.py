"""How one statement stands to what is recorded: the same for one and for many."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from relationships.actors import Actor
from relationships.enums import Operation
from relationships.models import Partner
from relationships.services.activity import record

from ..enums import OTHER_CHANNELS, SubscriptionStatus
from ..models import Subscription

# How a first observation is recorded where its statement says nothing.
NOTHING_SAID: dict[str, Any] = {
    "status": SubscriptionStatus.ACTIVE,
    "term": "",
    "billing_plan": "",
    "started_at": None,
    "commitment_ends_at": None,
    "auto_renews": None,
    "friendly_name": "",
    "external_id": None,
    "por_name": "",
    "por_mpn_id": "",
}
NAMED_PARTNER = ("por_name", "por_mpn_id")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a channel (or the customer) says of one subscription.

    What is None or empty is not said: it stays as it is recorded.
    """

    channel: str
    product_name: str
    quantity: int
    status: str = ""
    term: str = ""
    billing_plan: str = ""
    started_at: datetime | None = None
    commitment_ends_at: datetime | None = None
    auto_renews: bool | None = None
    friendly_name: str = ""
    external_id: str | None = None
    por_name: str = ""
    por_mpn_id: str = ""

    def said(self) -> dict[str, Any]:
        """What it says beside the channel, as it is stored: without blanks around."""
        stored = {
            name: value.strip() if isinstance(value, str) else value
            for name, value in vars(self).items()
            if name != "channel"
        }
        return {
            name: value
            for name, value in stored.items()
            if value not in (None, "") or name not in NOTHING_SAID
        }


def recorded_partner(
    said: dict[str, Any], known: Subscription | None, partner: Partner | None
) -> dict[str, Any] | None:
    """Who is recorded: as stated at first, and from then on as recorded at first.

    `partner` is whom the stated MPN ID names here. None when the statement names
    another one than the recorded.
    """
    if known is None:
        name = said.get("por_name") or (partner.name if partner else "")
        return {"partner_of_record": partner, "por_name": name}
    if not _is_recorded_partner(said, known):
        return None
    return {
        "partner_of_record": known.partner_of_record,
        "por_name": known.por_name,
        "por_mpn_id": known.por_mpn_id,
    }


def _is_recorded_partner(said: dict[str, Any], known: Subscription) -> bool:
    """Whether it names nobody or the recorded one, by a former or present name or id.

    The MPN ID decides where there is one.
    """
    advisor = known.partner_of_record
    if mpn_id := said.get("por_mpn_id"):
        return mpn_id in {known.por_mpn_id, advisor.mpn_id if advisor else ""}
    names = {"", known.por_name.casefold(), advisor.name.casefold() if advisor else ""}
    return said.get("por_name", "").casefold() in names


def as_recorded(
    said: dict[str, Any], known: Subscription | None, partner: dict[str, Any]
) -> dict[str, Any]:
    """All fields of the new observation: what is not said is carried from `known`.

    A retracted observation was wrong, and nothing of it is. `partner` is
    `recorded_partner`.
    """
    if known is None or hasattr(known, "retraction"):
        return {**NOTHING_SAID, **said, **partner}
    carried = {name: getattr(known, name) for name in NOTHING_SAID}
    return {**carried, **said, **partner}


def to_compare(said: dict[str, Any], known: Subscription | None) -> dict[str, Any]:
    """What has to be as it was recorded, for the statement to say nothing new.

    Whom it names as Partner of Record was compared with `known` before.
    """
    if known is None:
        return said
    return {name: said[name] for name in said if name not in NAMED_PARTNER}


def says_the_same(said: dict[str, Any], row: Subscription) -> bool:
    return all(getattr(row, name) == value for name, value in said.items())


def repeats(said: dict[str, Any], known: Subscription) -> bool:
    """Whether it says nothing that the current word `known` does not say."""
    return not hasattr(known, "retraction") and says_the_same(
        to_compare(said, known), known
    )


def refuse_csp(channel: str) -> None:
    """ValidationError `channel`."""
    if channel not in OTHER_CHANNELS:
        raise ValidationError(
            _("Choose another channel than CSP: the portal itself keeps those."),
            code="channel",
        )


def tell_recorded(observation: Subscription, *, actor: Actor, reason: str = "") -> None:
    earlier = observation.supersedes_id
    record(
        Operation.RECORD_OBSERVATION,
        observation,
        actor=actor,
        customer=observation.customer,
        new={
            "channel": observation.channel,
            "supersedes": str(earlier) if earlier else None,
        },
        reason=reason,
    )
