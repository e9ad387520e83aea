"""A customer's own statement of what it has, told once however often it is posted."""

from django.db import transaction

from relationships.actors import Actor
from subscriptions.models import Subscription
from subscriptions.services.locking import lock_customer
from subscriptions.services.observations import Statement, record_observation


@transaction.atomic
def record_once(*, actor: Actor, statement: Statement) -> Subscription:
    """As `record_observation`; without an id elsewhere, the same words are the same.

    A row that is recorded stays for good, so a second click must not make a second.
    """
    assert actor.customer is not None  # a tenant's actor
    customer = lock_customer(actor.customer)
    if not statement.external_id:
        said = statement.fields()
        if statement.por_mpn_id and not statement.por_name:
            del said["por_name"]  # filled in from the partner that the portal knows
        own = Subscription.objects.visible_to(actor).current()
        if known := own.filter(stated_by_customer=True, **said).first():
            return known
    return record_observation(customer, actor=actor, statement=statement)
