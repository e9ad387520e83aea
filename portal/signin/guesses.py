"""Passwords and codes are judged here, after the guess is counted."""

from django.contrib.auth import authenticate
from django.http import HttpRequest

from portal.accounts import history, second_factor, throttling
from portal.accounts.enums import Factor, SignInOutcome, ThrottleScope
from portal.accounts.models import User
from portal.foundation.addresses import client_address, network_of
from relationships.enums import SignInHow

from .interruptions import Locked


def user_by_password(request: HttpRequest, login: str, password: str) -> User | None:
    """Who that is, or None. Raises Locked.

    Does the same work whether or not there is such an account.
    """
    login = login.strip().lower()
    key = throttling.key_of(login)
    someone = User.objects.filter(login=login).first()
    _count(request, ThrottleScope.ACCOUNT, key, someone)
    user = authenticate(request, username=login, password=password)
    if not isinstance(user, User):
        _note(request, someone, SignInOutcome.WRONG_PASSWORD)
        return None
    _forgive(request, ThrottleScope.ACCOUNT, key)
    return user


def is_own_password(request: HttpRequest, user: User, password: str) -> bool:
    """Whether it is still this person at the screen. Raises Locked."""
    return user_by_password(request, user.login, password) == user


def factor_by_code(request: HttpRequest, user: User, code: str) -> Factor | None:
    """Which factor the code shows, or None. Raises Locked."""
    key = str(user.pk)
    _count(request, ThrottleScope.CODE, key, user)
    factor = second_factor.verify(user, code)
    if factor is None:
        _note(request, user, SignInOutcome.WRONG_CODE)
        return None
    _forgive(request, ThrottleScope.CODE, key)
    return factor


def _count(
    request: HttpRequest, scope: ThrottleScope, key: str, user: User | None
) -> None:
    source = network_of(client_address(request))
    by_address = throttling.guesses(ThrottleScope.ADDRESS)
    if refusal := throttling.take(by_address, source):
        raise Locked(refusal.until)
    if refusal := throttling.take(throttling.guesses(scope), key):
        if refusal.is_first:
            _note(request, user, SignInOutcome.LOCKED)
        raise Locked(refusal.until)


def _forgive(request: HttpRequest, scope: ThrottleScope, key: str) -> None:
    """It was no guess. The address keeps what others have guessed from it."""
    source = network_of(client_address(request))
    throttling.give_back(throttling.guesses(ThrottleScope.ADDRESS), source)
    throttling.clear(scope, key)


def _note(request: HttpRequest, user: User | None, outcome: SignInOutcome) -> None:
    history.note(request, user, outcome, how=SignInHow.LOCAL_ACCOUNT)
