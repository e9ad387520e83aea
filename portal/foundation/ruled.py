"""Bases of models that carry rules, and of their querysets."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from .guards import refusals_explained


class ChoiceConstraint(models.CheckConstraint):
    """The database's own check of a choice column.

    The model need not ask the database first: the field refuses what is not among its
    choices, in better words and without a query. In migrations it is a CheckConstraint.
    """

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """The field has said it."""

    def deconstruct(self) -> Any:
        _path, args, kwargs = super().deconstruct()
        return "django.db.models.CheckConstraint", args, kwargs


def choice_constraint(name: str, field: str, choices: list[str]) -> ChoiceConstraint:
    """The database's own check that a choice column holds one of its choices."""
    return ChoiceConstraint(condition=models.Q(**{f"{field}__in": choices}), name=name)


def _told_plainly(error: ValidationError) -> ValidationError:
    """A single refusal of the whole row as itself, so that its code can be read."""
    of_row = error.error_dict.get(NON_FIELD_ERRORS, [])
    if len(of_row) == 1 and len(error.error_dict) == 1:
        return of_row[0]
    return error


class RuledModel(models.Model):
    """A row that carries rules: saved only when valid, refusals told in words."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Check the whole row, then write it. Raises ValidationError."""
        try:
            self.full_clean()
        except ValidationError as error:
            raise _told_plainly(error) from None
        with refusals_explained(kwargs.get("using")):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with refusals_explained(kwargs.get("using")):
            return super().delete(*args, **kwargs)


class RuledQuerySet(models.QuerySet[Any]):
    """Bulk writes: the database's guards judge them, and the refusal is in words."""

    def select_for_update(self, *args: Any, **kwargs: Any) -> Any:
        """Lock all but the key, which no row changes.

        A row that refers to the locked one takes a share of its key when it is written.
        With the key locked too, the two would wait for each other.
        """
        return super().select_for_update(*args, **{"no_key": True, **kwargs})

    def update(self, **values: Any) -> int:
        with refusals_explained(self.db):
            return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        with refusals_explained(self.db):
            return super().delete()

    # Not on managers, as Django has it: `objects.delete()` would mean every row.
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        with refusals_explained(self.db):
            return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> int:
        with refusals_explained(self.db):
            return super().bulk_update(objs, *args, **kwargs)

    def _raw_delete(self, using: str | None) -> int:
        with refusals_explained(using):
            return super()._raw_delete(using)


class UUIDModel(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True
