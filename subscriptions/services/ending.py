"""What a relationship's end has to know of its subscriptions: where time moved them."""

from portal.foundation import clock
from relationships.models import ResellerRelationship
from relationships.services.relationships import before_ending

from ..models import Subscription
from .batches import move_due


def catch_up_all(relationship: ResellerRelationship) -> None:
    """Those of this partner and customer; the caller has locked both rows above."""
    now = clock.now()
    rows = Subscription.objects.csp().filter(
        relationship__partner=relationship.partner,
        customer=relationship.customer,
        commitment_ends_at__lte=now,
    )
    rows = rows.select_related("relationship").order_by("pk")
    move_due(list(rows.select_for_update(of=("self",))), now)


before_ending(catch_up_all)
