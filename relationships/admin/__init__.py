from . import (
    activity,
    approvals,
    cases,
    invitations,
    jobs,
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
    "jobs",
    "partners",
    "people",
    "relationships",
    "sign_in",
]
