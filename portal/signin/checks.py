"""System checks on the settings of local accounts and of limits."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from .factors import CHOICES

COUNTS = (
    "GUESSES",
    "GUESSES_PER_ADDRESS",
    "LOCK_MINUTES",
    "SIGN_INS_PER_MINUTE",
    "LINKS_PER_MINUTE",
    "ASKS_PER_HOUR",
    "RESETS_PER_HOUR",
    "RESETS_PER_ACCOUNT_PER_HOUR",
    "SIGN_IN_HISTORY_DAYS",
)


@register("signin")  # type: ignore[type-var]
def second_factor_is_known(
    *, app_configs: list[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    if settings.SECOND_FACTOR in CHOICES:
        return []
    return [
        Error(
            f"SECOND_FACTOR is {settings.SECOND_FACTOR!r}.",
            hint=f"Set it to one of: {', '.join(CHOICES)}.",
            id="portal.E020",
        )
    ]


@register("signin")  # type: ignore[type-var]
def limits_let_somebody_in(
    *, app_configs: list[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """A limit of nothing would shut everybody out."""
    return [
        Error(f"{name} is less than 1.", hint="Set it to 1 or more.", id="portal.E021")
        for name in COUNTS
        if getattr(settings, name) < 1
    ]


@register("signin")  # type: ignore[type-var]
def proxies_are_counted(
    *, app_configs: list[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    if settings.TRUSTED_PROXIES >= 0:
        return []
    return [
        Error(
            "TRUSTED_PROXIES is less than 0.",
            hint="Set it to the number of proxies of yours before the portal.",
            id="portal.E022",
        )
    ]
