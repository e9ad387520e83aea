"""System check that the demo, whose password is published, stays in the demo."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from portal.accounts.models import User

from .accounts import LOGINS


@register(Tags.security, deploy=True)  # type: ignore[type-var]
def demo_accounts_are_not_deployed(
    *, app_configs: list[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    if settings.DEBUG or not _has_people():
        return []
    known = User.objects.filter(login__in=LOGINS, is_active=True)
    logins = list(known.order_by("login").values_list("login", flat=True))
    if not logins:
        return []
    return [
        Error(
            f"This database holds accounts of the demo: {', '.join(logins)}. Everybody "
            "knows their password.",
            hint="Begin with an empty database. The demo is for DEBUG alone.",
            id="portal.E030",
        )
    ]


def _has_people() -> bool:
    return User._meta.db_table in connection.introspection.table_names()
