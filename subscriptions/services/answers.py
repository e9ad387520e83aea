"""An answer to a renewal holds for as long as the subscription does what it says."""

from relationships.actors import Actor
from relationships.enums import Operation
from relationships.services.activity import record

from ..enums import RenewalAnswer, SubscriptionStatus
from ..models import RenewalDecision, ScheduledChange, Subscription


def what_happens(subscription: Subscription) -> RenewalAnswer:
    """At the end of its term, as it stands now."""
    if not subscription.auto_renews:
        return RenewalAnswer.END
    is_changed = ScheduledChange.objects.filter(subscription=subscription).exists()
    return RenewalAnswer.CHANGE if is_changed else RenewalAnswer.RENEW


def ask_again_unless_true(subscription: Subscription, *, actor: Actor) -> None:
    """Take back what was answered for this term where something else happens now.

    The note stays: it tells what was agreed. What is not active is not decided.
    """
    if subscription.status != SubscriptionStatus.ACTIVE:
        return
    rows = RenewalDecision.objects.exclude(answer="").select_for_update(of=("self",))
    decision = rows.filter(
        subscription=subscription, term__ends_at=subscription.commitment_ends_at
    ).first()
    if decision is None or decision.answer == what_happens(subscription):
        return
    before, decision.answer = decision.answer, ""
    decision.answered_at = decision.answered_by = None
    decision.save(update_fields=["answer", "answered_at", "answered_by"])
    record(
        Operation.REOPEN_RENEWAL,
        decision,
        actor=actor,
        partner=subscription.seller,
        customer=subscription.customer,
        old={"answer": before},
    )
