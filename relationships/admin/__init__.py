from . import activity, cases, invitations, partners, people, relationships, sign_in

__all__ = [
    "activity",
    "cases",
    "invitations",
    "partners",
    "people",
    "relationships",
    "sign_in",
]
