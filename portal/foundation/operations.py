"""Migration operations for tables that guards keep."""

from typing import Any

from django.db.migrations.operations import RunPython

from . import guards


class GuardedRunPython(RunPython):
    """A data migration that has to write to guarded tables.

    On PostgreSQL the guards stay on during a migration; this lifts them inside its own
    transaction, so that no other session ever sees the table without them. On SQLite
    `pre_migrate` has taken them off already and `post_migrate` puts them back.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self._run(
            super().database_forwards, app_label, schema_editor, from_state, to_state
        )

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self._run(
            super().database_backwards, app_label, schema_editor, from_state, to_state
        )

    def _run(self, run: Any, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor == "sqlite":
            run(app_label, schema_editor, *states)
            return
        with guards.lifted(schema_editor.connection.alias):
            run(app_label, schema_editor, *states)
