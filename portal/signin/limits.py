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
OF_ACCOUNT = timedelta(hours=1)


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
    if request.method == "POST":
        match = request.resolver_match
        name = match.view_name if match else ""
        limits += [limit for names, limit in _of_posts() if name in names]
    return limits


def take_for_account(login: str) -> bool:
    """Whether this account was sent enough links already."""
    most = settings.RESETS_PER_ACCOUNT_PER_HOUR
    limit = Limit(ThrottleScope.RESET_OF_ACCOUNT, most, OF_ACCOUNT)
    return throttling.take(limit, throttling.key_of(login)) is not None


def _of_posts() -> list[tuple[set[str], Limit]]:
    hour = timedelta(hours=1)
    return [
        (SIGN_INS, _per_minute(ThrottleScope.SIGN_IN, settings.SIGN_INS_PER_MINUTE)),
        (ASKS, Limit(ThrottleScope.ASK, settings.ASKS_PER_HOUR, hour)),
        (RESETS, Limit(ThrottleScope.RESET, settings.RESETS_PER_HOUR, hour)),
    ]


def _per_minute(scope: ThrottleScope, most: int) -> Limit:
    return Limit(scope, most, timedelta(minutes=1))
