"""The sign-in history: who came in or tried to, when, how and from about where."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest

from portal.foundation import clock
from portal.foundation.addresses import client_address, shortened

from .enums import Factor, SignInOutcome
from .models import SignIn, User


def note(
    request: HttpRequest,
    user: User | None,
    outcome: SignInOutcome,
    *,
    how: str,
    factor: Factor | str = "",
) -> SignIn:
    return SignIn.objects.create(
        user=user,
        at=clock.now(),
        outcome=outcome,
        how=how,
        factor=factor,
        address=shortened(client_address(request)),
    )


def blank(user: User) -> None:
    """Take from a person's history where that person was; that it was stays."""
    SignIn.objects.filter(user=user).update(address="")


def forget_old() -> int:
    """Drop what is older than the operator keeps it; how many rows that were."""
    oldest = clock.now() - timedelta(days=settings.SIGN_IN_HISTORY_DAYS)
    return SignIn.objects.filter(at__lt=oldest).delete()[0]
