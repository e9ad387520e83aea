"""What may never change in this app's tables, and why: the one declaration.

Each guard is a row trigger in the database (`portal.foundation.guards`); `RuledModel`
turns its refusal into the rule's sentence.
"""

from django.utils.translation import gettext_lazy as _

from portal.foundation.guards import Guard, Rule, register

RELATIONSHIP = "relationships_resellerrelationship"
PARTNER = "relationships_partner"
CUSTOMER = "relationships_customer"
APPROVAL = "relationships_approval"

NO_TRANSITION = Rule(
    "no_transition",
    _(
        "This was written once and cannot change: no subscription changes its channel, "
        "customer, relationship or seller, and no relationship its partner, customer, "
        "invitation, origin, start or what was found at its start."
    ),
)
ENDED_ONCE = Rule(
    "ended_once",
    _(
        "A relationship ends once, for good, and only when no CSP subscription under "
        "it is active."
    ),
)
POR_UNTOUCHED = Rule(
    "por_untouched",
    _(
        "The Partner of Record stays as it was recorded. Nobody can change it here, "
        "and a partner's tenant never changes."
    ),
)
NEVER_DELETED = Rule(
    "never_deleted",
    _("Partners and customers are never deleted: what happened hangs on them."),
)
APPROVAL_STAYS_AS_ASKED = Rule(
    "approval_stays_as_asked",
    _("What was asked for stays as it is, and is decided once."),
)
HISTORY_IS_APPEND_ONLY = Rule(
    "history_is_append_only",
    _("History is only added to. It cannot be changed or deleted."),
)


def changes(*columns: str) -> str:
    """SQL that holds when any of these columns changes, to or from NULL included."""
    return (
        "("
        + " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns)
        + ")"
    )


def append_only(table: str) -> tuple[Guard, Guard]:
    """The two guards of a table to which rows are only added."""
    model = table.partition("_")[2]
    return (
        Guard(f"{model}_not_changed", table, "UPDATE", rule=HISTORY_IS_APPEND_ONLY),
        Guard(f"{model}_not_deleted", table, "DELETE", rule=HISTORY_IS_APPEND_ONLY),
    )


WRITTEN_ONCE = (
    "id",
    "partner_id",
    "customer_id",
    "invitation_id",
    "origin",
    "established_at",
    "existing_snapshot",
    "existing_count",
    "existing_fingerprint",
)
# Empty until the end, and fixed from then on.
ENDING = ("ended_at", "ended_by_id", "end_reason")

# What the second person reads is what happens.
ASKED = (
    "id",
    "verb",
    "partner_id",
    "customer_id",
    "target_id",
    "arguments",
    "sentence",
    "asked_by_id",
    "asked_at",
    "expires_at",
)

register(
    *append_only("relationships_activityrecord"),
    *append_only("relationships_tenantsignin"),
    Guard(
        "relationship_written_once",
        RELATIONSHIP,
        "UPDATE",
        rule=NO_TRANSITION,
        when=changes(*WRITTEN_ONCE),
    ),
    Guard("relationship_not_deleted", RELATIONSHIP, "DELETE", rule=NO_TRANSITION),
    Guard(
        "relationship_ended_once",
        RELATIONSHIP,
        "UPDATE",
        rule=ENDED_ONCE,
        when=f"OLD.ended_at IS NOT NULL AND {changes(*ENDING)}",
    ),
    Guard(
        "partner_tenant_fixed",
        PARTNER,
        "UPDATE",
        rule=POR_UNTOUCHED,
        when=changes("id", "tenant_id"),
    ),
    # Deleted and written anew within one transaction, a row could get another tenant
    # under the same id: foreign keys are checked only at the end.
    Guard(
        "approval_stays_as_asked",
        APPROVAL,
        "UPDATE",
        rule=APPROVAL_STAYS_AS_ASKED,
        when=f"OLD.outcome <> 'waiting' OR {changes(*ASKED)}",
    ),
    Guard("approval_not_deleted", APPROVAL, "DELETE", rule=APPROVAL_STAYS_AS_ASKED),
    Guard("partner_not_deleted", PARTNER, "DELETE", rule=NEVER_DELETED),
    Guard("customer_not_deleted", CUSTOMER, "DELETE", rule=NEVER_DELETED),
)
