"""One customer after the other: who asked it, what it answered, what it has."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.accounts.models import User
from relationships.enums import (
    AgreementHow,
    CustomerOrigin,
    InvitationStatus,
    Operation,
    RelationshipOrigin,
    StaffRole,
)
from relationships.models import Customer, CustomerAgreement, ResellerRelationship
from subscriptions.snapshots import snapshot_of

from .asking import answer, ask
from .bulk import Rows
from .existing import Owner, current_at, observe
from .log import By
from .place import Place
from .setting import COUNTRIES, Setting, tenant_id
from .sold import Sale, sell

PROVISIONED, ENDED, NOBODY_ASKED = "provisioned", "ended", "nobody asked"
STATUS = InvitationStatus
KINDS = (
    [STATUS.ACCEPTED] * 66
    + [ENDED] * 5
    + [PROVISIONED] * 6
    + [STATUS.DECLINED] * 4
    + [STATUS.EXPIRED] * 6
    + [STATUS.SENT, STATUS.OPENED, STATUS.OPENED, STATUS.SIGNED_IN, STATUS.SIGNED_IN]
    + [STATUS.WITHDRAWN] * 2
    + [NOBODY_ASKED] * 6
)
RELATED = {STATUS.ACCEPTED, ENDED, PROVISIONED}
CSP_SHARE = 0.5  # of a related customer's subscriptions
END_REASON = "The customer moves to another partner."


@dataclass(frozen=True)
class Ending:
    """Written when its subscriptions are there: an ended relationship takes none."""

    relationship_id: uuid.UUID
    ended_at: datetime
    ended_by: User

    def write(self) -> None:
        relationship = ResellerRelationship.objects.filter(pk=self.relationship_id)
        relationship.update(
            ended_at=self.ended_at, ended_by=self.ended_by, end_reason=END_REASON
        )


def tell_customer(
    setting: Setting, rows: Rows, number: int, count: int, administrator: User
) -> Ending | None:
    """Add customer `number` with `count` subscriptions of all channels."""
    dice = setting.dice(number)
    seller = setting.sellers[number % len(setting.sellers)]
    place = Place(
        setting=setting,
        rows=rows,
        dice=dice,
        number=number,
        id=tenant_id(f"customer {number}"),
        kind=dice.choice(KINDS),
        seller=seller,
        agent=dice.choice(seller.agents),
        administrator=administrator,
    )
    _add_customer(place)
    if place.kind in RELATED:
        return _relate(place, count)
    observe(setting, rows, Owner(place.id, count, is_related=False), dice)
    if place.kind == STATUS.DECLINED:
        answer(place, STATUS.DECLINED, setting.days_ago(dice.uniform(1, 650)))
    elif place.kind != NOBODY_ASKED:
        ask(place, STATUS(place.kind))
    return None


def _add_customer(place: Place) -> None:
    currency = place.seller.partner.currency
    is_new = place.kind == PROVISIONED
    domain = {"stated_domain" if is_new else "primary_domain": place.domain}
    place.rows.add(
        Customer,
        id=place.id,
        tenant_id=tenant_id(f"tenant {place.number}"),
        company_name=f"Customer {place.number:06}",
        country=place.dice.choice(COUNTRIES[currency]),
        origin=CustomerOrigin.PROVISIONED if is_new else CustomerOrigin.EXISTING_TENANT,
        contact_name=f"Contact {place.number:06}",
        address_line1=f"Street {place.number % 200 + 1}",
        address_city=f"Town {place.number % 500}",
        address_postal_code=f"{10000 + place.number % 80000}",
        **{"primary_domain": None, **domain},
    )


def _relate(place: Place, count: int) -> Ending | None:
    """A relationship, with what was found at its start and what was sold since."""
    dice, setting = place.dice, place.setting
    sold = round(count * CSP_SHARE + dice.random() - 0.5)
    owner = Owner(place.id, count - sold, is_related=True)
    observations = observe(setting, place.rows, owner, dice)
    has_ended = place.kind == ENDED
    established = setting.days_ago(dice.uniform(250 if has_ended else 2, 680))
    found = current_at(observations, established)
    relationship_id = _establish(place, established, found)
    age = setting.now - established
    sale = Sale(
        rows=place.rows,
        seller=place.seller,
        agent=place.agent,
        customer_id=place.id,
        relationship_id=relationship_id,
        since=established,
        until=established + age * (dice.uniform(0.3, 0.9) if has_ended else 1),
        has_ended=has_ended,
    )
    sell(setting, sale, sold, dice)
    return _end(place, sale) if has_ended else None


def _establish(
    place: Place, moment: datetime, observations: list[dict[str, Any]]
) -> uuid.UUID:
    if place.kind == PROVISIONED:
        origin, by, invitation_id = RelationshipOrigin.PROVISIONED, place.by_agent, None
        _provision(place, moment)
    else:
        origin, by = RelationshipOrigin.INVITATION, place.by_customer
        invitation_id = answer(place, STATUS.ACCEPTED, moment)
    _agree(place, moment)
    found, pk = snapshot_of(observations), place.new_id()
    fingerprint = {
        "existing_count": found.count,
        "existing_fingerprint": found.fingerprint,
    }
    place.rows.add(
        ResellerRelationship,
        id=pk,
        partner_id=place.seller.partner.pk,
        customer_id=place.id,
        invitation_id=invitation_id,
        origin=origin,
        established_at=moment,
        existing_snapshot=found.as_json(),
        **fingerprint,
    )
    place.log.tell(
        Operation.ESTABLISH_RELATIONSHIP,
        (ResellerRelationship, pk),
        at=moment,
        by=by,
        new={"origin": str(origin), **fingerprint},
    )
    return pk


def _end(place: Place, sale: Sale) -> Ending:
    place.log.tell(
        Operation.END_RELATIONSHIP,
        (ResellerRelationship, sale.relationship_id),
        at=sale.until,
        by=By(place.seller.administrator, StaffRole.ADMIN_AGENT),
        reason=END_REASON,
    )
    return Ending(sale.relationship_id, sale.until, place.seller.administrator)


def _provision(place: Place, moment: datetime) -> None:
    place.log.tell(
        Operation.ADD_CUSTOMER,
        (Customer, place.id),
        at=moment,
        by=place.by_agent,
        new={"origin": str(CustomerOrigin.PROVISIONED)},
    )


def _agree(place: Place, moment: datetime) -> None:
    how = {"how": AgreementHow.ACCEPTED, "accepted_by_id": place.administrator.pk}
    if place.kind == PROVISIONED:
        how = {
            "how": AgreementHow.ATTESTED,
            "signer_first_name": "Contact",
            "signer_last_name": f"{place.number:06}",
            "signer_email": f"contact@{place.domain}",
            "attested_by_id": place.agent.pk,
            "attested_for_id": place.seller.partner.pk,
        }
    place.rows.add(
        CustomerAgreement,
        customer_id=place.id,
        **CustomerAgreement.current_version(),
        accepted_at=moment,
        **how,
    )
