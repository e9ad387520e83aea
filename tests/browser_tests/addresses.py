"""The address of every page that the URL resolver knows: a new one is in by itself."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.contrib import admin
from django.urls import URLPattern, get_resolver, reverse

# A row's address without a page, the admin's own 404, and a link that is none of ours.
WITHOUT_NAME = {
    "<path:object_id>/",
    "(?P<url>.*)$",
    "^(?:invitations|partners)/(?:.*/)?$",
}


def named_pages() -> Iterator[tuple[str, URLPattern]]:
    """Each page with its name, as `reverse` takes it."""
    yield from _pages_in(get_resolver().url_patterns, "")


def _pages_in(patterns: Any, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in patterns:
        if hasattr(entry, "url_patterns"):
            space = f"{entry.namespace}:" if entry.namespace else ""
            yield from _pages_in(entry.url_patterns, prefix + space)
        elif entry.name is not None:
            yield prefix + entry.name, entry
        elif str(entry.pattern) not in WITHOUT_NAME:
            pytest.fail(f"{entry.pattern} has no name: this test cannot reach it.")


def addresses(rows: dict[str, list[Any]], given: dict[str, list[Any]]) -> list[str]:
    """Of every page, with each of these rows (by model) and of these values.

    `given` has the beginning of a page's name, "." and the argument's name.
    """
    found = []
    for name, pattern in named_pages():
        names = list(pattern.pattern.regex.groupindex)
        choices = [_values(name, argument, rows, given) for argument in names]
        found += [
            reverse(name, kwargs=dict(zip(names, values, strict=True)))
            for values in product(*choices)
        ]
    return found


def _values(
    name: str, argument: str, rows: dict[str, list[Any]], given: dict[str, list[Any]]
) -> list[Any]:
    for key, values in given.items():
        page, _, known = key.partition(".")
        if argument == known and name.startswith(page):
            return values
    model = _model_of(name)
    if argument != "object_id" or model not in rows:
        pytest.fail(f"Tell this test how to reach {name}: which {argument}?")
    return [row.pk for row in rows[model]]


def _model_of(name: str) -> str:
    """The model whose admin page has this name."""
    for model in admin.site._registry:
        label = f"admin:{model._meta.app_label}_{model._meta.model_name}_"
        if name.startswith(label):
            return str(model._meta.model_name)
    return ""
