"""What may not change on a subscription, and why: the one declaration.

The same lists of columns make the row triggers in the database and the check of the
model, which judges the stored row, not the one in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from portal.foundation.guards import Effect, Guard, Rule, register
from relationships.protection import (
    ENDED_ONCE,
    NO_TRANSITION,
    POR_UNTOUCHED,
    RELATIONSHIP,
    append_only,
    changes,
)

from .enums import Channel, SubscriptionStatus

if TYPE_CHECKING:
    from .models import Subscription

SUBSCRIPTION = "subscriptions_subscription"
SEAT_ENTRY = "subscriptions_seatentry"
TERM = "subscriptions_subscriptionterm"
SCHEDULED_CHANGE = "subscriptions_scheduledchange"

EXISTING_UNTOUCHED = Rule(
    "existing_untouched",
    _(
        "This subscription came by another channel than CSP. It stays as it is: nobody "
        "can change or delete it here."
    ),
)
CSP_NEEDS_RELATIONSHIP = Rule(
    "csp_needs_relationship",
    _(
        "A CSP subscription is ordered and managed only while its partner has an "
        "active reseller relationship with that very customer."
    ),
)
CSP_KEPT = Rule(
    "csp_kept", _("A CSP subscription is never deleted: its status says that it ended.")
)
SEATS_BY_ENTRIES = Rule(
    "seats_by_entries",
    _("The seats of a CSP subscription change only by its seat entries."),
)
SEATS_NOT_REDUCIBLE = Rule(
    "seats_not_reducible",
    _(
        "Seats are taken away from what was added within the last days, or bought anew "
        "by a renewal, and no more of them than there are."
    ),
)
SCHEDULED_CHANGE_NEEDS_RENEWAL = Rule(
    "scheduled_change_needs_renewal",
    _(
        "A change is scheduled only for a CSP subscription that is active and renews "
        "automatically."
    ),
)
SUPERSEDES_ITS_OWN = Rule(
    "supersedes_its_own",
    _(
        "An observation supersedes one of the same customer, channel and id "
        "elsewhere, with the same Partner of Record."
    ),
)

IDENTITY = ("id", "channel", "customer_id", "relationship_id")
PARTNER_OF_RECORD = ("partner_of_record_id", "por_name", "por_mpn_id")

# The order in which time moves a subscription whose partner may not manage it.
FORWARD = (
    SubscriptionStatus.ACTIVE,
    SubscriptionStatus.SUSPENDED,
    SubscriptionStatus.EXPIRED,
    SubscriptionStatus.DISABLED,
    SubscriptionStatus.DELETED,
)
# What only the managing partner changes: everything but the status.
MANAGED = (
    "offer_id",
    "product_name",
    "quantity",
    "term",
    "billing_plan",
    "started_at",
    "commitment_ends_at",
    "auto_renews",
    "friendly_name",
    "external_id",
    "recorded_at",
    "supersedes_id",
    "por_correction_reason",
    "stated_by_customer",
)

_moves = changes(*IDENTITY)
_changes_por = changes(*PARTNER_OF_RECORD)
_is_csp = f"OLD.channel = '{Channel.CSP}'"
_rank = " ".join(f"WHEN '{status}' THEN {n}" for n, status in enumerate(FORWARD))
_goes_forward = f"(CASE NEW.status {_rank} END) > (CASE OLD.status {_rank} END)"
_partner_may_manage = (
    f"EXISTS (SELECT 1 FROM {RELATIONSHIP} AS its_own "
    f"JOIN {RELATIONSHIP} AS active ON active.partner_id = its_own.partner_id "
    "AND active.customer_id = its_own.customer_id AND active.ended_at IS NULL "
    "WHERE its_own.id = OLD.relationship_id)"
)
_relationship_columns = ("id", "partner_id", "customer_id", "ended_at")
_same_in_chain = " AND ".join(
    f"earlier.{name} IS NOT DISTINCT FROM NEW.{name}"
    for name in ("customer_id", "channel", "external_id")
)
_same_por = " AND ".join(
    f"earlier.{name} IS NOT DISTINCT FROM NEW.{name}" for name in PARTNER_OF_RECORD
)
_sum_of_entries = (
    f"(SELECT COALESCE(SUM(change), 0) FROM {SEAT_ENTRY} "
    "WHERE subscription_id = {row}.{column})"
)
_takes_what_may_go = (
    f"EXISTS (SELECT 1 FROM {SEAT_ENTRY} AS taken WHERE taken.id = NEW.reduces_id "
    "AND taken.subscription_id = NEW.subscription_id "
    f"AND taken.change + NEW.change + (SELECT COALESCE(SUM(change), 0) "
    f"FROM {SEAT_ENTRY} WHERE reduces_id = taken.id) >= 0 "
    "AND (taken.reducible_until > NEW.at "
    f"OR EXISTS (SELECT 1 FROM {TERM} AS bought "
    "WHERE bought.subscription_id = NEW.subscription_id "
    "AND (bought.starts_at = NEW.at OR (bought.starts_at < NEW.at "
    "AND bought.reducible_until > NEW.at)))))"
)
_renews = f"channel = '{Channel.CSP}' AND status = '{SubscriptionStatus.ACTIVE}'"


def _scheduled_change_guard(name: str, event: str) -> Guard:
    return Guard(
        name,
        SCHEDULED_CHANGE,
        event,
        rule=SCHEDULED_CHANGE_NEEDS_RENEWAL,
        share=f"1 FROM {SUBSCRIPTION} WHERE id = NEW.subscription_id",
        when=(
            f"NOT EXISTS (SELECT 1 FROM {SUBSCRIPTION} "
            f"WHERE id = NEW.subscription_id AND {_renews} AND auto_renews)"
        ),
        reads={SUBSCRIPTION: ("id", "channel", "status", "auto_renews")},
    )


register(
    *append_only(TERM),
    *append_only(SEAT_ENTRY),
    *append_only("subscriptions_statusentry"),
    *append_only("subscriptions_observationretraction"),
    *append_only("subscriptions_importedobservation"),
    *append_only("subscriptions_order"),
    *append_only("subscriptions_orderline"),
    Guard(
        "subscription_stays_where_it_is",
        SUBSCRIPTION,
        "UPDATE",
        rule=NO_TRANSITION,
        when=_moves,
    ),
    Guard(
        "subscription_por_untouched",
        SUBSCRIPTION,
        "UPDATE",
        rule=POR_UNTOUCHED,
        when=f"{_changes_por} AND NOT {_moves}",
    ),
    Guard(
        "subscription_existing_not_changed",
        SUBSCRIPTION,
        "UPDATE",
        rule=EXISTING_UNTOUCHED,
        when=f"NOT ({_is_csp}) AND NOT {_moves} AND NOT {_changes_por}",
    ),
    Guard(
        "subscription_existing_not_deleted",
        SUBSCRIPTION,
        "DELETE",
        rule=EXISTING_UNTOUCHED,
        when=f"NOT ({_is_csp})",
    ),
    Guard(
        "subscription_csp_not_deleted",
        SUBSCRIPTION,
        "DELETE",
        rule=CSP_KEPT,
        when=_is_csp,
    ),
    Guard(
        "subscription_csp_under_active_relationship",
        SUBSCRIPTION,
        "INSERT",
        rule=CSP_NEEDS_RELATIONSHIP,
        share=f"1 FROM {RELATIONSHIP} WHERE id = NEW.relationship_id",
        when=(
            f"NEW.channel = '{Channel.CSP}' AND NOT EXISTS (SELECT 1 FROM "
            f"{RELATIONSHIP} WHERE id = NEW.relationship_id "
            "AND customer_id = NEW.customer_id AND ended_at IS NULL)"
        ),
        reads={RELATIONSHIP: _relationship_columns},
    ),
    Guard(
        "subscription_csp_managed_by_its_partner",
        SUBSCRIPTION,
        "UPDATE",
        rule=CSP_NEEDS_RELATIONSHIP,
        share=(
            f"1 FROM {RELATIONSHIP} WHERE customer_id = OLD.customer_id "
            "AND ended_at IS NULL"
        ),
        when=(
            f"{_is_csp} AND NOT {_moves} AND NOT {_changes_por} "
            f"AND ({changes(*MANAGED)} OR NOT ({_goes_forward})) "
            f"AND NOT {_partner_may_manage}"
        ),
        reads={RELATIONSHIP: _relationship_columns},
    ),
    Guard(
        "subscription_csp_starts_without_seats",
        SUBSCRIPTION,
        "INSERT",
        rule=SEATS_BY_ENTRIES,
        when=f"NEW.channel = '{Channel.CSP}' AND NEW.quantity <> 0",
    ),
    Guard(
        "subscription_seats_by_entries",
        SUBSCRIPTION,
        "UPDATE",
        rule=SEATS_BY_ENTRIES,
        when=(
            f"{_is_csp} AND NEW.quantity IS DISTINCT FROM OLD.quantity "
            "AND NEW.quantity IS DISTINCT FROM "
            + _sum_of_entries.format(row="OLD", column="id")
        ),
        reads={SEAT_ENTRY: ("subscription_id", "change")},
    ),
    Guard(
        "seat_entry_takes_what_may_go",
        SEAT_ENTRY,
        "INSERT",
        rule=SEATS_NOT_REDUCIBLE,
        share=(
            f"1 FROM {SUBSCRIPTION} WHERE id = NEW.subscription_id AND NEW.change < 0"
        ),
        when=f"NEW.change < 0 AND NOT {_takes_what_may_go}",
        reads={
            SUBSCRIPTION: ("id",),
            TERM: ("subscription_id", "starts_at", "reducible_until"),
        },
    ),
    _scheduled_change_guard("scheduled_change_made_while_renewing", "INSERT"),
    _scheduled_change_guard("scheduled_change_kept_while_renewing", "UPDATE"),
    Guard(
        "subscription_drops_its_scheduled_change",
        SUBSCRIPTION,
        "UPDATE",
        rule=SCHEDULED_CHANGE_NEEDS_RENEWAL,
        when=(
            f"(NEW.status <> '{SubscriptionStatus.ACTIVE}' "
            "OR NEW.auto_renews IS NOT TRUE) AND EXISTS "
            f"(SELECT 1 FROM {SCHEDULED_CHANGE} WHERE subscription_id = OLD.id)"
        ),
        reads={SCHEDULED_CHANGE: ("subscription_id",)},
    ),
    Effect(
        "seat_entry_sets_quantity",
        SEAT_ENTRY,
        "INSERT",
        f"UPDATE {SUBSCRIPTION} SET quantity = "
        + _sum_of_entries.format(row="NEW", column="subscription_id")
        + " WHERE id = NEW.subscription_id",
        reads={SUBSCRIPTION: ("id", "quantity")},
    ),
    Guard(
        "subscription_supersedes_its_own",
        SUBSCRIPTION,
        "INSERT",
        rule=SUPERSEDES_ITS_OWN,
        when=(
            "NEW.supersedes_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "
            f"{SUBSCRIPTION} AS earlier WHERE earlier.id = NEW.supersedes_id "
            f"AND {_same_in_chain} "
            f"AND (({_same_por}) OR NEW.por_correction_reason <> ''))"
        ),
    ),
    Guard(
        "relationship_not_ended_while_active",
        RELATIONSHIP,
        "UPDATE",
        rule=ENDED_ONCE,
        # A partner that came back manages what it sold under an earlier relationship.
        when=(
            "OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND EXISTS "
            f"(SELECT 1 FROM {SUBSCRIPTION} AS sold JOIN {RELATIONSHIP} AS its_own "
            "ON its_own.id = sold.relationship_id "
            "WHERE sold.customer_id = OLD.customer_id "
            "AND its_own.partner_id = OLD.partner_id "
            f"AND sold.status = '{SubscriptionStatus.ACTIVE}')"
        ),
        reads={SUBSCRIPTION: ("customer_id", "relationship_id", "status")},
    ),
)


def _stored(subscription: Subscription) -> dict[str, Any] | None:
    """The row as the database has it, whichever proxy asks."""
    model = subscription._meta.concrete_model or type(subscription)
    rows = model._base_manager.filter(pk=subscription.pk)
    return rows.values(*IDENTITY, *PARTNER_OF_RECORD).first()


def _differs(subscription: Subscription, stored: dict[str, Any], *names: str) -> bool:
    return any(getattr(subscription, name) != stored[name] for name in names)


def refuse_forbidden_change(subscription: Subscription) -> None:
    """Raise the rule's ValidationError where the stored row may not become this one."""
    stored = _stored(subscription)
    if stored is None:
        return
    if _differs(subscription, stored, *IDENTITY):
        raise NO_TRANSITION.refusal()
    if _differs(subscription, stored, *PARTNER_OF_RECORD):
        raise POR_UNTOUCHED.refusal()
    if stored["channel"] != Channel.CSP:
        raise EXISTING_UNTOUCHED.refusal()


def refuse_deletion(subscription: Subscription) -> None:
    """Raise the rule's ValidationError: no stored subscription is ever deleted."""
    stored = _stored(subscription)
    if stored is not None:
        is_csp = stored["channel"] == Channel.CSP
        raise (CSP_KEPT if is_csp else EXISTING_UNTOUCHED).refusal()
