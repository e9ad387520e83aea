"""Every way to write to a row that the portal or its database offers, by name.

A change is `(row, values)`, values by field name; a deletion is `(row)`. What goes
through the model layer is refused in words, what goes past it by the database.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, models, router
from django.db.models.deletion import Collector

from . import rows

Values = dict[str, Any]
Change = Callable[[models.Model, Values], Any]
Deletion = Callable[[models.Model], Any]


def _with(row: models.Model, values: Values) -> models.Model:
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _names(row: models.Model, values: Values) -> list[str]:
    """The fields to write; a change of nothing writes some field as it is."""
    others = (f.name for f in row._meta.concrete_fields if not f.primary_key)
    return list(values) or [next(others)]


def _as_it_is(row: models.Model, values: Values) -> Values:
    return {name: getattr(_with(row, values), name) for name in _names(row, values)}


def save(row: models.Model, values: Values) -> None:
    _with(row, values).save()


def save_these_fields(row: models.Model, values: Values) -> None:
    _with(row, values).save(update_fields=_names(row, values))


def force_update(row: models.Model, values: Values) -> None:
    _with(row, values).save(force_update=True)


def save_raw(row: models.Model, values: Values) -> None:
    _with(row, values).save_base(raw=True)


def queryset_update(row: models.Model, values: Values) -> None:
    type(row).objects.filter(pk=row.pk).update(**_as_it_is(row, values))


def update_or_create(row: models.Model, values: Values) -> None:
    defaults = _as_it_is(row, values)
    type(row).objects.update_or_create(pk=row.pk, defaults=defaults)


def bulk_update(row: models.Model, values: Values) -> None:
    type(row).objects.bulk_update([_with(row, values)], _names(row, values))


def bulk_create_over_it(row: models.Model, values: Values) -> None:
    type(row).objects.bulk_create(
        [_with(row, values)],
        update_conflicts=True,
        update_fields=_names(row, values),
        unique_fields=["id"],
    )


def base_manager_update(row: models.Model, values: Values) -> None:
    type(row)._base_manager.filter(pk=row.pk).update(**_as_it_is(row, values))


def sql_update(row: models.Model, values: Values) -> None:
    rows.update(row, **_as_it_is(row, values))


def sql_insert_on_conflict(row: models.Model, values: Values) -> None:
    columns = rows.stored(row) | rows.in_columns(type(row), values)
    names = rows.in_columns(type(row), _as_it_is(row, values))
    assignments = ", ".join(f"{name} = excluded.{name}" for name in names)
    rows.insert(
        type(row), columns, then=f"ON CONFLICT (id) DO UPDATE SET {assignments}"
    )


WORDED_CHANGES: list[Change] = [
    save,
    save_these_fields,
    force_update,
    queryset_update,
    update_or_create,
    bulk_update,
    bulk_create_over_it,
]
RAW_CHANGES: list[Change] = [
    save_raw,
    base_manager_update,
    sql_update,
    sql_insert_on_conflict,
]


def delete(row: models.Model) -> None:
    row.delete()


def queryset_delete(row: models.Model) -> None:
    type(row).objects.filter(pk=row.pk).delete()


def raw_queryset_delete(row: models.Model) -> None:
    matching = type(row).objects.filter(pk=row.pk)
    matching._raw_delete(matching.db)


def collector_delete(row: models.Model) -> None:
    """What the admin and a cascade of Django do."""
    collector = Collector(using=router.db_for_write(type(row)), origin=row)
    collector.add([row])
    collector.delete()


def base_manager_delete(row: models.Model) -> None:
    matching = type(row)._base_manager.filter(pk=row.pk)
    matching._raw_delete(matching.db)


def sql_delete(row: models.Model) -> None:
    rows.execute(f"DELETE FROM {rows.table(row)} WHERE id = %s", rows.key(row))


def sql_delete_and_insert(row: models.Model) -> None:
    """Away and back within one transaction: deferred foreign keys would not mind."""
    columns = rows.stored(row)
    sql_delete(row)
    rows.insert(type(row), columns)


WORDED_DELETIONS: list[Deletion] = [delete, queryset_delete, raw_queryset_delete]
RAW_DELETIONS: list[Deletion] = [
    collector_delete,
    base_manager_delete,
    sql_delete,
    sql_delete_and_insert,
]

# Those of SQLite alone: REPLACE deletes whatever stands in the way of the new row.


def insert_or_replace(row: models.Model, values: Values) -> None:
    columns = rows.stored(row) | rows.in_columns(type(row), values)
    rows.insert(type(row), columns, verb="INSERT OR REPLACE")


def update_or_replace(row: models.Model, values: Values) -> None:
    _sqlite_update("UPDATE OR REPLACE", row, values)


def update_or_ignore(row: models.Model, values: Values) -> None:
    _sqlite_update("UPDATE OR IGNORE", row, values)


def _sqlite_update(verb: str, row: models.Model, values: Values) -> None:
    columns = rows.in_columns(type(row), _as_it_is(row, values))
    assignments = ", ".join(f"{name} = %s" for name in columns)
    rows.execute(
        f"{verb} {rows.table(row)} SET {assignments} WHERE id = %s",
        *columns.values(),
        rows.key(row),
    )


if connection.vendor == "sqlite":
    RAW_CHANGES += [insert_or_replace, update_or_replace, update_or_ignore]

# An insert over a row is judged as an insert first, and only then as a change.
INSERTS: list[Change] = [bulk_create_over_it, sql_insert_on_conflict, insert_or_replace]


def names(attacks: list[Any]) -> list[str]:
    return [attack.__name__ for attack in attacks]
