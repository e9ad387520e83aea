"""Many new rows at once: past the ORM, but never past the database's rules.

For 100,000 rows `bulk_create` takes several times as long. Constraints and guards judge
each row all the same; what `save()` would check, the caller has checked.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db import connections, models, router

from .guards import refusals_explained


def insert_rows(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows with the values of these fields, in this order.

    The database fills in nothing: `names` has every column that cannot be null. What
    makes the rows asks the database nothing: RuntimeError.
    """
    using = router.db_for_write(model)
    connection = connections[using]
    fields: Any = [model._meta.get_field(name) for name in names]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = f"{connection.ops.quote_name(model._meta.db_table)} ({columns})"
    insert = _copy if connection.vendor == "postgresql" else _execute
    with refusals_explained(using), connection.execute_wrapper(_only_inserts):
        insert(connection, table, fields, rows)


def _only_inserts(
    execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """PostgreSQL would wait for ever: its connection is busy with the COPY."""
    if not many:
        raise RuntimeError("Rows are being inserted: ask the database before.")
    return execute(sql, params, many, context)


def _copy(connection: Any, table: str, fields: Any, rows: Any) -> None:
    prepare = [
        _preparation(field, connection) if isinstance(field, models.JSONField) else None
        for field in fields
    ]
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(_prepared(prepare, row) if any(prepare) else row)


def _execute(connection: Any, table: str, fields: Any, rows: Any) -> None:
    prepare = [_preparation(field, connection) for field in fields]
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} VALUES ({marks})",
            (_prepared(prepare, row) for row in rows),
        )


def _prepared(prepare: list[Any], row: Sequence[Any]) -> list[Any]:
    return [
        value if how is None or value is None else how(value)
        for how, value in zip(prepare, row, strict=True)
    ]


def _preparation(field: Any, connection: Any) -> Callable[[Any], Any] | None:
    """How a value is stored where the database has no such type; None: as it is."""
    target = field.target_field if field.is_relation else field
    if isinstance(target, models.UUIDField):
        return lambda value: value.hex
    if isinstance(target, models.DateTimeField):
        return lru_cache(maxsize=1000)(connection.ops.adapt_datetimefield_value)
    if isinstance(target, models.JSONField):
        return lambda value: field.get_db_prep_save(value, connection)
    return None
