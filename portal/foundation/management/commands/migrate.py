from typing import Any

from django.core.management.commands import migrate

from ... import guards


class Command(migrate.Command):
    """Django's own, and a migration that fails does not leave SQLite without guards.

    They were taken off before the first one, and nobody is told of the end.
    """

    def handle(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().handle(*args, **options)
        except Exception:
            guards.install(options["database"])
            raise
