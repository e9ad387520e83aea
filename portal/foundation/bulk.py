"""Many new rows at once: past the ORM, but never past the database's rules.

For 100,000 rows `bulk_create` takes several times as long. Constraints and guards judge
each row all the same; what `save()` would check, the caller has checked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    table = _table(model, fields, connection)
    insert = _copy if connection.vendor == "postgresql" else _execute
    with refusals_explained(using), connection.execute_wrapper(_only_inserts):
        insert(connection, table, fields, rows)


def insert_selected(
    model: type[models.Model], values: Mapping[str, Any], rows: models.QuerySet[Any]
) -> int:
    """Insert a row for each of `rows`, within the database; how many there were.

    `values` says by field what it gets: the name of a field of `rows`, or an
    expression. The database fills in nothing here either.
    """
    using = router.db_for_write(model)
    connection = connections[using]
    fields: Any = [model._meta.get_field(name) for name in values]
    query = rows.order_by().values_list(*values.values()).query
    sql, params = query.get_compiler(using).as_sql()
    table = _table(model, fields, connection)
    with refusals_explained(using), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} {sql}", params)
        return int(cursor.rowcount)


def _table(model: type[models.Model], fields: Any, connection: Any) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    return f"{quote(model._meta.db_table)} ({columns})"


def _only_inserts(
    execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """PostgreSQL would wait for ever: its connection is busy with the COPY."""
    if not many:
        raise RuntimeError("Rows are being inserted: ask the database before.")
    return execute(sql, params, many, context)


def _copy(connection: Any, table: str, fields: Any, rows: Any) -> None:
    prepare = [
        (number, _preparation(field, connection))
        for number, field in enumerate(fields)
        if isinstance(field, models.JSONField)
    ]
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(_prepared(prepare, row) if prepare else row)


def _execute(connection: Any, table: str, fields: Any, rows: Any) -> None:
    prepare = [
        (number, how)
        for number, field in enumerate(fields)
        if (how := _preparation(field, connection))
    ]
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} VALUES ({marks})",
            (_prepared(prepare, row) for row in rows),
        )


def _prepared(prepare: list[Any], row: Sequence[Any]) -> list[Any]:
    prepared = list(row)
    for number, how in prepare:
        if prepared[number] is not None:
            prepared[number] = how(prepared[number])
    return prepared


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
