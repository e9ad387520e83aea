"""How a person left each list of the back office, for the ways back to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models.options import Options
from django.http import HttpRequest
from django.urls import reverse

LISTS = "lists"


def remember(request: HttpRequest, opts: Options[Any]) -> None:
    """Keep search, filters, order and page of the list that is being looked at."""
    query = request.GET.urlencode()
    if query == _query(request, opts):
        return
    lists = request.session.get(LISTS, {})
    if query:
        lists[opts.label_lower] = query
    else:
        del lists[opts.label_lower]
    request.session[LISTS] = lists


def list_url(request: HttpRequest, opts: Options[Any]) -> str:
    """The list as the person left it."""
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    query = _query(request, opts)
    return f"{url}?{query}" if query else url


def preserved_filters(request: HttpRequest, opts: Options[Any]) -> str:
    """The same in the form in which the stock admin hands it from page to page."""
    query = _query(request, opts)
    return urlencode({"_changelist_filters": query}) if query else ""


def _query(request: HttpRequest, opts: Options[Any]) -> str:
    return str(request.session.get(LISTS, {}).get(opts.label_lower, ""))
