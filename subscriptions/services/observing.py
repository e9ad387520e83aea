"""How one statement stands to what is recorded: the same for one and for many."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relationships.models import Partner

from ..enums import SubscriptionStatus
from ..models import Subscription


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a channel (or the customer) says of one subscription."""

    channel: str
    product_name: str
    quantity: int
    status: str = SubscriptionStatus.ACTIVE
    term: str = ""
    billing_plan: str = ""
    started_at: datetime | None = None
    commitment_ends_at: datetime | None = None
    auto_renews: bool | None = None
    friendly_name: str = ""
    external_id: str | None = None
    por_name: str = ""
    por_mpn_id: str = ""

    def fields(self) -> dict[str, Any]:
        """As they are stored: without blanks around, and no id as none."""
        said = {
            name: value.strip() if isinstance(value, str) else value
            for name, value in vars(self).items()
        }
        return {**said, "external_id": said["external_id"] or None}


def recorded_partner(
    fields: dict[str, Any], known: Subscription | None, partner: Partner | None
) -> dict[str, Any] | None:
    """Who is recorded: as stated at first, and from then on as recorded at first.

    `partner` is whom the stated MPN ID names here. None when the statement names
    another one than the recorded.
    """
    if known is None:
        name = fields["por_name"] or (partner.name if partner else "")
        return {"partner_of_record": partner, "por_name": name}
    if not _is_recorded_partner(fields, known):
        return None
    return {
        "partner_of_record": known.partner_of_record,
        "por_name": known.por_name,
        "por_mpn_id": known.por_mpn_id,
    }


def _is_recorded_partner(fields: dict[str, Any], known: Subscription) -> bool:
    """Whether it names nobody or the recorded one, by a former or present name or id.

    The MPN ID decides where there is one.
    """
    advisor = known.partner_of_record
    if fields["por_mpn_id"]:
        ids = {known.por_mpn_id, advisor.mpn_id if advisor else ""}
        return fields["por_mpn_id"] in ids
    names = {"", known.por_name.casefold(), advisor.name.casefold() if advisor else ""}
    return fields["por_name"].casefold() in names


def says_the_same(fields: dict[str, Any], known: Subscription) -> bool:
    """Whether every field is as it was recorded; `known` is the current word."""
    return all(getattr(known, name) == value for name, value in fields.items())
