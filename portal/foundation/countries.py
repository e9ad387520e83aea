"""Countries by name for people to read and choose; stored are ISO 3166's letters."""

from typing import Any

from django import forms
from django.db.models.fields import BLANK_CHOICE_DASH
from django.utils.choices import BlankChoiceIterator
from django_countries import countries


def country_name(code: str) -> str:
    """In the reader's language; the code itself when ISO 3166 has no such country."""
    return str(countries.name(code)) or code


class CountrySelect(forms.Select):
    """All countries, and the stored one also when it is none of them (any more)."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        choices = BlankChoiceIterator(countries, BLANK_CHOICE_DASH)
        super().__init__({"autocomplete": "country", **(attrs or {})}, choices)

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> list[Any]:
        groups = super().optgroups(name, value, attrs)
        if not self.is_known(value):
            option = self.create_option(name, value[0], value[0], True, len(groups))
            groups.append((None, [option], len(groups)))
        return groups

    @staticmethod
    def is_known(value: list[str]) -> bool:
        return not any(value) or bool(countries.name(value[0]))
