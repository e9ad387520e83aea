"""Who needs a second factor, as the portal's operator has set it."""

from django.conf import settings
from django.http import HttpRequest

from portal.accounts.models import User
from relationships.enums import SignInHow

from . import sessions

OPTIONAL, STAFF, EVERYBODY = "optional", "staff", "everybody"
CHOICES = (OPTIONAL, STAFF, EVERYBODY)


def is_required_of(user: User) -> bool:
    """Of local accounts, that is: a provider asks for its own."""
    if settings.SECOND_FACTOR == EVERYBODY:
        return True
    if settings.SECOND_FACTOR == OPTIONAL:
        return False
    return user.is_superuser or user.staff_memberships.current().exists()


def is_missing(request: HttpRequest) -> bool:
    """Whether this session began without the factor that its person needs."""
    if not request.user.is_authenticated or settings.SECOND_FACTOR == OPTIONAL:
        return False
    if sessions.signed_in_by(request) != SignInHow.LOCAL_ACCOUNT:
        return False
    has_one = request.session.get(sessions.SECOND_FACTOR)
    return not has_one and is_required_of(request.user)
