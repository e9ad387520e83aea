"""Filters of lists: a few choices, or a box where those are too many to show."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .admin import Words


class ChoiceFilter(admin.SimpleListFilter):
    """`found` narrows the list to one of `options`; anything else shows all of it."""

    options: Iterable[tuple[str, Words]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.options)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        known = {str(key) for key, _label in self.lookup_choices}
        return self.found(request, queryset, value) if value in known else queryset

    def found(self, request: HttpRequest, queryset: Any, value: Any) -> Any:
        raise NotImplementedError


class TextFilter(admin.SimpleListFilter):
    """A box for a name; `found` narrows the list to it."""

    template = "admin/text_filter.html"
    help_text: Words = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]  # none, but a filter without any is not shown

    def choices(self, changelist: Any) -> Iterator[Any]:
        others = changelist.get_filters_params()
        yield {
            "value": self.value() or "",
            "name": self.parameter_name,
            "help_text": self.help_text,
            "others": [
                (name, value)
                for name, values in others.items()
                if name != self.parameter_name
                for value in values
            ],
            "query": changelist.query,
        }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        term = (self.value() or "").strip().replace("\0", "")
        return self.found(request, queryset, term) if term else queryset

    def found(self, request: HttpRequest, queryset: Any, term: str) -> Any:
        raise NotImplementedError
