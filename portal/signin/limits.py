"""How often one address may ask for a public page, whoever it is.

Guesses of passwords and codes have narrower limits of their own (`guesses`).
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.accounts import throttling
from portal.accounts.enums import ThrottleScope
from portal.accounts.throttling import Limit
from portal.foundation.addresses import client_address, network_of

from .interruptions import TooMany

LINKS = ("/invitations/", "/partners/", "/password/new/")
ASKS = {"invitation-ask"}
RESETS = {"password-reset"}
SIGN_INS = {"sign-in", "sign-in-code", "invitation-sign-in", "partner-link-sign-in"}
BY_PROVIDER = {"openid-start", "openid-tenant", "openid-callback", "openid-link"}


class LimitMiddleware:
    """Counts each request for a public page before its view runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        for limit in limits_of(request):
            source = network_of(client_address(request))
            if refusal := throttling.take(limit, source):
                return TooMany(refusal.until).answer(request)
        return None


def limits_of(request: HttpRequest) -> list[Limit]:
    """Those that this request counts towards."""
    limits = []
    if request.path_info.startswith(LINKS):
        limits.append(_per_minute(ThrottleScope.LINK, settings.LINKS_PER_MINUTE))
    match = request.resolver_match
    name = match.view_name if match else ""
    if name in BY_PROVIDER or (name in SIGN_INS and request.method == "POST"):
        limits.append(_per_minute(ThrottleScope.SIGN_IN, settings.SIGN_INS_PER_MINUTE))
    if name in ASKS and request.method == "POST":
        limits.append(_per_hour(ThrottleScope.ASK, settings.ASKS_PER_HOUR))
    if name in RESETS and request.method == "POST":
        limits.append(_per_hour(ThrottleScope.RESET, settings.RESETS_PER_HOUR))
    return limits


def take_for_account(login: str) -> bool:
    """Whether this account was sent enough links already."""
    most = settings.RESETS_PER_ACCOUNT_PER_HOUR
    limit = _per_hour(ThrottleScope.RESET_OF_ACCOUNT, most)
    return throttling.take(limit, throttling.key_of(login)) is not None


def _per_minute(scope: ThrottleScope, most: int) -> Limit:
    return Limit(scope, most, timedelta(minutes=1))


def _per_hour(scope: ThrottleScope, most: int) -> Limit:
    return Limit(scope, most, timedelta(hours=1))
