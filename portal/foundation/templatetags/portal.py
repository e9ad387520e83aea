"""Moments, countries and ways back, as every page writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.db.models.options import Options
from django.template.context import Context
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from .. import clock, countries, lists

register = template.Library()
register.filter("country_name", countries.country_name)


@register.simple_tag
def exact(moment: datetime | None) -> SafeString | str:
    """A moment in UTC; `moments.js` adds the reader's own time beside it."""
    if moment is None:
        return ""
    return format_html(
        '<time datetime="{}" data-local="{}">{}</time>',
        moment.isoformat(),
        # Translators: {time} is 14:30, or with the day where that differs.
        _("{time} your time"),
        _utc(moment),
    )


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """How long ago it was, or how soon it comes; the exact moment is in the title."""
    if moment is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        _utc(moment),
        _distance(moment, clock.now()),
    )


def _utc(moment: datetime) -> str:
    return f"{date_format(moment, 'DATETIME_FORMAT')} UTC"


def _distance(moment: datetime, now: datetime) -> str:
    if moment > now:
        return _("in %(time)s") % {"time": timesince(now, moment, depth=1)}
    if (now - moment).total_seconds() < 60:
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(moment, now, depth=1)}


@register.simple_tag(takes_context=True)
def list_url(context: Context, opts: Options[Any]) -> str:
    """The list of these as the person left it: search, filters, order and page."""
    return lists.list_url(context["request"], opts)
