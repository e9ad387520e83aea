"""Rows written by the thousand: COPY on PostgreSQL, one prepared statement on SQLite.

The database's guards and constraints judge each of them, as always.
"""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import AutoField, Model

Convert = Callable[[Any], Any]


class Converters(dict[type, Convert]):
    """How a value of each type is handed to this database."""

    def __init__(self) -> None:
        super().__init__({dict: json.dumps})
        if connection.vendor == "sqlite":
            self[UUID] = lambda value: value.hex
            self[Decimal] = str
            self[datetime] = connection.ops.adapt_datetimefield_value

    def __missing__(self, kind: type) -> Convert:
        convert = _value_of_choice if issubclass(kind, Enum) else _as_it_is
        self[kind] = convert
        return convert


def _as_it_is(value: Any) -> Any:
    return value


def _value_of_choice(value: Enum) -> Any:
    return value.value


class Rows:
    """Rows of several models, kept until `write`, which writes them model by model.

    In the order in which the models are given. A column that is not named has its
    model's default; an id that is not named comes from the database.
    """

    def __init__(self, *models: type[Model]) -> None:
        self._rows: dict[type[Model], list[dict[str, Any]]] = {
            model: [] for model in models
        }
        self._convert = Converters()

    def add(self, model: type[Model], **values: Any) -> dict[str, Any]:
        self._rows[model].append(values)
        return values

    def of(self, model: type[Model]) -> list[dict[str, Any]]:
        return self._rows[model]

    def write(self) -> None:
        for model, rows in self._rows.items():
            if rows:
                self._write(model, rows)
                rows.clear()

    def _write(self, model: type[Model], rows: list[dict[str, Any]]) -> None:
        fields = [
            field
            for field in model._meta.concrete_fields
            if field.attname in rows[0] or not isinstance(field, AutoField)
        ]
        quote = connection.ops.quote_name
        table = quote(model._meta.db_table)
        columns = [quote(field.column) for field in fields if field.column]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                _copy(cursor, table, columns, self._tuples(fields, rows))
            else:
                _insert(cursor, table, columns, self._tuples(fields, rows))

    def _tuples(self, fields: list[Any], rows: list[dict[str, Any]]) -> Any:
        defaults = {field.attname: field.get_default() for field in fields}
        convert = self._convert
        for row in rows:
            whole = {**defaults, **row}
            yield [convert[type(value)](value) for value in whole.values()]


def _copy(cursor: Any, table: str, columns: list[str], rows: Any) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert(cursor: Any, table: str, columns: list[str], rows: Any) -> None:
    marks = ", ".join(["%s"] * len(columns))
    # Names of columns, none of which a person gave.
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    cursor.executemany(insert, rows)


def reserve_ids(model: type[Model], count: int) -> list[int]:
    """Ids that the database will give to nobody else."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) "
                "FROM generate_series(1, %s)",
                [table, count],
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or [0])[0]
    return list(range(last + 1, last + count + 1))
