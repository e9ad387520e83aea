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
    webhooks,
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
    "webhooks",
]
