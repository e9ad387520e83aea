"""An invitation's domain is bound to the tenant that has it, as the directory says."""

from enum import Enum, auto
from uuid import UUID

from django.db import transaction

from .. import directory
from ..models import Invitation


class Binding(Enum):
    """What became of it, whatever the portal itself knows of the domain."""

    NOT_ASKED = auto()  # no domain, or this portal has no directory
    BOUND = auto()
    UNKNOWN = auto()  # no tenant has the domain
    UNREACHABLE = auto()


def bind_to_tenants(invitations: list[Invitation]) -> Binding:
    """Look their one domain up and keep the tenant's id with those still open.

    Not to be called inside a transaction: the answer may take seconds. What is known
    already stays when there is no answer.
    """
    domain = invitations[0].customer_domain if invitations else ""
    if not domain or not directory.is_there():
        return Binding.NOT_ASKED
    try:
        tenant_id = directory.tenant_of(domain)
    except directory.NoAnswer:
        return Binding.UNREACHABLE
    if tenant_id is None:
        return Binding.UNKNOWN
    for invitation in invitations:
        _bind(invitation, tenant_id)
    return Binding.BOUND


@transaction.atomic
def _bind(invitation: Invitation, tenant_id: UUID) -> None:
    """Until somebody has signed in: from then on it is that tenant's."""
    stored = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if stored.is_open and stored.signed_in_at is None:
        stored.customer_tenant_id = tenant_id
        stored.save(update_fields=["customer_tenant_id"])
    invitation.customer_tenant_id = stored.customer_tenant_id
