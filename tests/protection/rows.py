"""Rows as the database holds them, read and written past the models."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from portal.foundation import guards
from portal.foundation.guards import Rule


def execute(statement: str, *parameters: Any) -> int:
    """Run one statement on the connection itself; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


def query(statement: str, *parameters: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def table(row: models.Model | type[models.Model]) -> str:
    return row._meta.db_table


def key(row: models.Model) -> Any:
    """The primary key as this database writes it."""
    return row._meta.pk.get_db_prep_value(row.pk, connection)


def in_columns(model: type[models.Model], values: dict[str, Any]) -> dict[str, Any]:
    """Values by field name, as columns and in the way this database writes them."""
    fields = {name: model._meta.get_field(name) for name in values}
    return {
        fields[name].column: fields[name].get_db_prep_save(
            getattr(value, "pk", value), connection
        )
        for name, value in values.items()
    }


def stored(row: models.Model) -> dict[str, Any]:
    """Every column of the row."""
    (found,) = query(f"SELECT * FROM {table(row)} WHERE id = %s", key(row))
    return found


def everything(model: type[models.Model]) -> list[dict[str, Any]]:
    """Every column of every row of a table."""
    return query(f"SELECT * FROM {table(model)} ORDER BY id")


def update(row: models.Model, **values: Any) -> None:
    columns = in_columns(type(row), values)
    assignments = ", ".join(f"{name} = %s" for name in columns)
    execute(
        f"UPDATE {table(row)} SET {assignments} WHERE id = %s",
        *columns.values(),
        key(row),
    )


def set_column(row: models.Model, column: str, value: Any) -> None:
    """`value` as this database writes it, or None for NULL."""
    execute(f"UPDATE {table(row)} SET {column} = %s WHERE id = %s", value, key(row))


def insert(
    model: type[models.Model],
    columns: dict[str, Any],
    *,
    verb: str = "INSERT",
    then: str = "",
) -> None:
    names = ", ".join(columns)
    places = ", ".join(["%s"] * len(columns))
    execute(
        f"{verb} INTO {table(model)} ({names}) VALUES ({places}) {then}",
        *columns.values(),
    )


def copied(row: models.Model, **values: Any) -> dict[str, Any]:
    """The columns of a new row that is like this one but for `values`."""
    new = {"id": uuid.uuid4()} if isinstance(row.pk, uuid.UUID) else {}
    columns = stored(row) | in_columns(type(row), {**new, **values})
    if not isinstance(row.pk, uuid.UUID):
        del columns["id"]
    return columns


@contextmanager
def unchanged(*rows: models.Model) -> Iterator[None]:
    """These rows are afterwards what they were, and their tables have no other ones."""
    before = {type(row): everything(type(row)) for row in rows}
    yield
    for model, was in before.items():
        assert everything(model) == was


@contextmanager
def refused_in_words(rule: Rule) -> Iterator[None]:
    """The model layer refuses, says why, and leaves the transaction usable."""
    with pytest.raises(ValidationError) as caught:
        yield
    assert caught.value.code == rule.name
    assert caught.value.messages == [str(rule.message)]


@contextmanager
def refused_by_guard(*rules: Rule) -> Iterator[None]:
    """A row trigger refuses for one of these rules, on whatever way it is reached."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        yield
    assert guards.broken_rule(caught.value) in rules


@contextmanager
def refused_by_database() -> Iterator[None]:
    """A row trigger or a constraint refuses."""
    with pytest.raises(IntegrityError), transaction.atomic():
        yield
