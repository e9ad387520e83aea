"""System checks on the settings and on the database's guards."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

from . import guards


@register(Tags.database)  # type: ignore[type-var]
def guards_are_installed(
    *,
    app_configs: list[AppConfig] | None,
    databases: list[str] | None = None,
    **kwargs: Any,
) -> list[CheckMessage]:
    """Each database keeps the rules itself; name what it lacks.

    No error: that would stop `migrate`, which puts it right.
    """
    return [
        Warning(
            f"The database {alias!r} lacks these guards: {', '.join(lacking)}.",
            hint="Run: python manage.py migrate",
            id="portal.W001",
        )
        for alias in databases or []
        if _is_migrated(alias) and (lacking := guards.missing(alias))
    ]


def _is_migrated(alias: str) -> bool:
    return "django_migrations" in connections[alias].introspection.table_names()


@register(Tags.database)  # type: ignore[type-var]
def role_cannot_switch_guards_off(
    *,
    app_configs: list[AppConfig] | None,
    databases: list[str] | None = None,
    **kwargs: Any,
) -> list[CheckMessage]:
    """A PostgreSQL superuser can disable triggers, so the portal must not be one."""
    messages: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        if connection.vendor != "postgresql":
            continue
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            row = cursor.fetchone()
        if row and row[0]:
            messages.append(
                Warning(
                    f"The database {alias!r} is used by a superuser role, which could "
                    "switch the guards off.",
                    hint="Let the portal sign in as a role with NOSUPERUSER.",
                    id="portal.W002",
                )
            )
    return messages


@register(Tags.security, deploy=True)  # type: ignore[type-var]
def links_outlive_the_secret_key(
    *, app_configs: list[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Invitations are on their way for weeks: they need keys of their own."""
    if settings.LINK_KEYS:
        return []
    return [
        Warning(
            "LINK_KEYS is empty, so links are derived from SECRET_KEY.",
            hint="Set LINK_KEYS, or rotating SECRET_KEY will kill open invitations.",
            id="portal.W003",
        )
    ]
