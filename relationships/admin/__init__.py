from . import (
    activity,
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
    "cases",
    "invitations",
    "jobs",
    "partners",
    "people",
    "relationships",
    "sign_in",
]
