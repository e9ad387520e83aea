"""System checks on the settings of the provider."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register("signin")  # type: ignore[type-var]
def provider_is_described(
    *, app_configs: list[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    if not settings.OIDC_ISSUER:
        return []
    messages: list[CheckMessage] = []
    if not settings.OIDC_CLIENT_ID:
        messages.append(
            Error(
                "OIDC_ISSUER is set, but OIDC_CLIENT_ID is not.",
                hint="Set it to the application (client) ID of the app registration.",
                id="portal.E010",
            )
        )
    if not settings.DEBUG and not settings.OIDC_ISSUER.startswith("https://"):
        messages.append(
            Error(
                "OIDC_ISSUER does not begin with https://.",
                hint="Codes, secrets and tokens travel to it: use https.",
                id="portal.E011",
            )
        )
    return messages
