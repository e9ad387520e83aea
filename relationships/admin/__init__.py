from . import (
    activity,
    approvals,
    batches,
    cases,
    emails,
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
    "batches",
    "cases",
    "emails",
    "invitations",
    "jobs",
    "partners",
    "people",
    "relationships",
    "sign_in",
    "webhooks",
]
