"""Locks, in the one order: customer, relationship, subscription."""

from typing import Any

from relationships.actors import Actor
from relationships.models import Customer, ResellerRelationship

from ..models import Subscription
from ..protection import CSP_NEEDS_RELATIONSHIP, EXISTING_UNTOUCHED


def lock_customer(customer: Customer) -> Customer:
    return Customer.objects.select_for_update().get(pk=customer.pk)


def lock_customers(ids: Any) -> None:
    """Many at once, always in the same order; `ids` may be a query."""
    rows = Customer.objects.filter(pk__in=ids).order_by("pk").select_for_update()
    for _pk in rows.values_list("pk").iterator():
        pass


def lock_active_relationship(customer: Customer, actor: Actor) -> ResellerRelationship:
    """The actor's own active relationship with this customer.

    Raises ValidationError `csp_needs_relationship` when there is none.
    """
    relationship = (
        customer.relationships.active()
        .filter(partner=actor.partner)
        .select_for_update()
        .first()
    )
    if relationship is None:
        raise CSP_NEEDS_RELATIONSHIP.refusal()
    return relationship


def lock_subscription(subscription: Subscription) -> Subscription:
    rows = Subscription.objects.select_related("relationship__partner", "customer")
    return rows.select_for_update(of=("self",)).get(pk=subscription.pk)


def require_manager(subscription: Subscription, actor: Actor, action: str) -> None:
    """Raises PermissionDenied, or ValidationError `existing_untouched`."""
    actor.require(action)
    if not subscription.is_csp:
        raise EXISTING_UNTOUCHED.refusal()
    actor.require(action, subscription)


def lock_managed(
    subscription: Subscription, *, actor: Actor, action: str
) -> Subscription:
    """The stored CSP row, locked for its own partner to manage.

    Raises PermissionDenied, or ValidationError: `existing_untouched`,
    `csp_needs_relationship`.
    """
    require_manager(subscription, actor, action)
    customer = lock_customer(subscription.customer)
    lock_active_relationship(customer, actor)
    return lock_subscription(subscription)
