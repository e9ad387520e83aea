"""Row triggers that keep a rule in the database itself, on SQLite and PostgreSQL.

Each app declares its guards in `protection.py` and hands them to `register`. A guard
refuses a write; an `Effect` follows one. Why they are installed after every migration
instead of by one: SQLite silently drops the triggers of a table that it rebuilds, and
cannot rebuild a table that a trigger of another table reads.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MARK = "portal_guard"
Columns = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Rule:
    """A named rule of the product and the sentence that a person gets."""

    name: str
    message: str | _StrPromise

    def refusal(self) -> ValidationError:
        return ValidationError(self.message, code=self.name)


@dataclass(frozen=True)
class Trigger(ABC):
    """What guards and effects share: where they sit and which columns they read."""

    name: str
    table: str
    event: str  # INSERT, UPDATE or DELETE
    reads: Columns = field(default_factory=dict, kw_only=True)

    @property
    def trigger_name(self) -> str:
        return f"{MARK}_{self.name}"

    @property
    def trigger_names(self) -> list[str]:
        """Every trigger that this one is in PostgreSQL; SQLite has the first."""
        return [self.trigger_name]

    @property
    @abstractmethod
    def body(self) -> str:
        """The SQL on OLD and NEW."""

    @cached_property
    def columns(self) -> Columns:
        """Every column the trigger needs, so that it waits for a half-built schema."""
        own = tuple(sorted(set(re.findall(r"\b(?:OLD|NEW)\.(\w+)", self.body))))
        return {self.table: own, **self.reads}

    @abstractmethod
    def create_sql(self, vendor: str) -> list[str]:
        """The statements that make it."""

    def drop_sql(self, vendor: str) -> list[str]:
        if vendor == "sqlite":
            return [f'DROP TRIGGER IF EXISTS "{self.trigger_name}"']
        return [f'DROP FUNCTION IF EXISTS "{self.trigger_name}"() CASCADE']

    def _postgresql(self, timing: str, body: str, *, result: str) -> list[str]:
        name = self.trigger_name
        return [
            f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql '
            f"AS $guard$ BEGIN {body} RETURN {result}; END $guard$",
            f'CREATE OR REPLACE TRIGGER "{name}" {timing} {self.event} '
            f'ON "{self.table}" FOR EACH ROW EXECUTE FUNCTION "{name}"()',
        ]


@dataclass(frozen=True)
class Guard(Trigger):
    """Refuses an event on a row of `table` where `when` holds (SQL on OLD and NEW).

    `share` is a query whose rows PostgreSQL locks FOR SHARE first, so that the rows
    which the condition depends on cannot change before this transaction ends. SQLite
    has one writer at a time and needs no such lock.
    """

    rule: Rule
    when: str = "TRUE"
    share: str = ""

    @property
    def body(self) -> str:
        return f"{self.share} {self.when}"

    @property
    def _truncate_name(self) -> str:
        return f"{self.trigger_name}_truncate"

    @property
    def trigger_names(self) -> list[str]:
        if self.event == "DELETE":
            return [self.trigger_name, self._truncate_name]
        return [self.trigger_name]

    def create_sql(self, vendor: str) -> list[str]:
        message = f"{MARK}:{self.rule.name}"
        if vendor == "sqlite":
            return [
                f'CREATE TRIGGER "{self.trigger_name}" BEFORE {self.event} '
                f'ON "{self.table}" FOR EACH ROW WHEN {self.when} '
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            ]
        refuse = (
            f"RAISE EXCEPTION USING ERRCODE = '23000', MESSAGE = '{message}', "
            "CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;"
        )
        share = f"PERFORM {self.share} FOR SHARE;" if self.share else ""
        body = f"{share} IF {self.when} THEN {refuse} END IF;"
        row = "OLD" if self.event == "DELETE" else "NEW"
        statements = self._postgresql("BEFORE", body, result=row)
        if self.event == "DELETE":
            statements += self._truncate_sql(refuse)
        return statements

    def _truncate_sql(self, refuse: str) -> list[str]:
        """TRUNCATE passes row triggers by: a statement trigger stops it."""
        name = self._truncate_name
        return [
            f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql '
            f"AS $guard$ BEGIN {refuse} END $guard$",
            f'CREATE OR REPLACE TRIGGER "{name}" BEFORE TRUNCATE ON "{self.table}" '
            f'FOR EACH STATEMENT EXECUTE FUNCTION "{name}"()',
        ]

    def drop_sql(self, vendor: str) -> list[str]:
        statements = super().drop_sql(vendor)
        if vendor != "sqlite" and self.event == "DELETE":
            name = self._truncate_name
            statements.append(f'DROP FUNCTION IF EXISTS "{name}"() CASCADE')
        return statements


@dataclass(frozen=True)
class Effect(Trigger):
    """Runs `statement` after an event on a row of `table`."""

    statement: str

    @property
    def body(self) -> str:
        return self.statement

    def create_sql(self, vendor: str) -> list[str]:
        if vendor == "sqlite":
            return [
                f'CREATE TRIGGER "{self.trigger_name}" AFTER {self.event} '
                f'ON "{self.table}" FOR EACH ROW BEGIN {self.statement}; END'
            ]
        return self._postgresql("AFTER", f"{self.statement};", result="NULL")


_triggers: dict[str, Trigger] = {}
_rules: dict[str, Rule] = {}


def register(*triggers: Trigger) -> None:
    """Add an app's guards and effects to the list that every database gets."""
    for trigger in triggers:
        if max(map(len, trigger.trigger_names)) > 63:
            raise ValueError(f"{trigger.name} is too long a name for PostgreSQL.")
        if _triggers.setdefault(trigger.name, trigger) != trigger:
            raise ValueError(f"Two different triggers are called {trigger.name}.")
        if isinstance(trigger, Guard):
            _rules[trigger.rule.name] = trigger.rule


def registered() -> list[Trigger]:
    return list(_triggers.values())


def _existing_columns(connection: BaseDatabaseWrapper) -> Callable[[str], set[str]]:
    known: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))

    def columns(table: str) -> set[str]:
        if table not in tables:
            return set()
        if table not in known:
            with connection.cursor() as cursor:
                rows = connection.introspection.get_table_description(cursor, table)
            known[table] = {row.name for row in rows}
        return known[table]

    return columns


def _execute(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def drop(using: str = DEFAULT_DB_ALIAS) -> None:
    connection = connections[using]
    for trigger in registered():
        _execute(connection, trigger.drop_sql(connection.vendor))


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Bring the database's guards in line with the list.

    A guard whose tables and columns are not all there is dropped: it could only make
    every write on its table fail.
    """
    connection = connections[using]
    existing = _existing_columns(connection)
    with transaction.atomic(using=using):
        for trigger in registered():
            _execute(connection, trigger.drop_sql(connection.vendor))
            if all(
                existing(table) >= set(columns) and existing(table)
                for table, columns in trigger.columns.items()
            ):
                _execute(connection, trigger.create_sql(connection.vendor))


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Names of the guards and effects that this database should have and lacks."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = (
            "SELECT tgname FROM pg_trigger "
            "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    depth = 1 if connection.vendor == "sqlite" else None
    return [t.name for t in registered() if not present >= set(t.trigger_names[:depth])]


@contextmanager
def lifted(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Without guards: for `GuardedRunPython` and for a test's flush, nothing else."""
    with transaction.atomic(using=using):
        drop(using)
        yield
        install(using)


def before_migrate(*, plan: list[Any], using: str, **kwargs: Any) -> None:
    if plan and connections[using].vendor == "sqlite":
        drop(using)


def after_migrate(*, using: str, **kwargs: Any) -> None:
    install(using)


def broken_rule(error: IntegrityError) -> Rule | None:
    """The rule whose guard raised this error, or None for another constraint."""
    found = re.search(rf"{MARK}:(\w+)", str(error))
    return _rules.get(found.group(1)) if found else None


@contextmanager
def refusals_explained(using: str | None = None) -> Iterator[None]:
    """A savepoint in which a guard's refusal becomes the rule's ValidationError."""
    try:
        with transaction.atomic(using=using):
            yield
    except IntegrityError as error:
        rule = broken_rule(error)
        if rule is None:
            raise
        raise rule.refusal() from error
