"""A column against thousands of values, as one parameter.

`IN` takes a parameter for each: slow to prepare, and SQLite has a limit.
"""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, F, Func


class Among(Func):
    """Whether the column of this name is one of the values (text, or UUIDs)."""

    output_field = BooleanField()

    def __init__(self, name: str, values: Iterable[str | UUID]) -> None:
        super().__init__(F(name))
        self.values = list(values)

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        column, params = compiler.compile(self.source_expressions[0])
        return f"{column} = ANY(%s)", [*params, self.values]

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, params = compiler.compile(self.source_expressions[0])
        stored = [v.hex if isinstance(v, UUID) else v for v in self.values]
        among = f"{column} IN (SELECT value FROM json_each(%s))"
        return among, [*params, json.dumps(stored)]
