from . import activity, cases, invitations, partners, people, relationships

__all__ = ["activity", "cases", "invitations", "partners", "people", "relationships"]
