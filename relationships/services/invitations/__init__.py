"""One function per verb of an invitation; `INVITATION_TRANSITIONS` says which may be.

Locks are taken in the order partner, customer, invitation, relationship. All raise
PermissionDenied for a missing right, TransitionNotAllowed for a wrong state and
ValidationError, with the rule's name as its code, for a rule's refusal.
"""

from .answering import (
    accept_invitation,
    decline_invitation,
    open_invitation,
    sign_in_to_invitation,
)
from .asking import (
    create_invitation,
    edit_invitation,
    renew_invitation,
    withdraw_invitation,
)
from .expiring import LONGEST_DAYS, check_expiry, default_expiry, expire_invitations
from .sending import send_invitation

__all__ = [
    "LONGEST_DAYS",
    "accept_invitation",
    "check_expiry",
    "create_invitation",
    "decline_invitation",
    "default_expiry",
    "edit_invitation",
    "expire_invitations",
    "open_invitation",
    "renew_invitation",
    "send_invitation",
    "sign_in_to_invitation",
    "withdraw_invitation",
]
