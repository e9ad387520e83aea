from . import (
    activity,
    approvals,
    cases,
    invitations,
    partners,
    people,
    relationships,
    sign_in,
)

__all__ = [
    "activity",
    "approvals",
    "cases",
    "invitations",
    "partners",
    "people",
    "relationships",
    "sign_in",
]
