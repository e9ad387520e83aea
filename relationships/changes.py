"""What a line of the activity log changed, in words."""

import re
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

NAMES = {
    "accepted_on": gettext_lazy("accepted on"),
    "answer": gettext_lazy("answer"),
    "auto_renews": gettext_lazy("auto-renew"),
    "channel": gettext_lazy("channel"),
    "count": gettext_lazy("count"),
    "country": gettext_lazy("country"),
    "existing_count": gettext_lazy("existing subscriptions"),
    "expires_at": gettext_lazy("expires at"),
    "fields": gettext_lazy("fields"),
    "friendly_name": gettext_lazy("friendly name"),
    "how": gettext_lazy("how"),
    "is_active": gettext_lazy("active"),
    "is_available": gettext_lazy("available"),
    "is_superuser": gettext_lazy("operator"),
    "kind": gettext_lazy("kind"),
    "lines": gettext_lazy("seats"),
    "origin": gettext_lazy("origin"),
    "outcome": gettext_lazy("outcome"),
    "primary_domain": gettext_lazy("domain"),
    "quantity": gettext_lazy("seats"),
    "reminders_sent": gettext_lazy("reminders sent"),
    "result": gettext_lazy("result"),
    "role": gettext_lazy("role"),
    "status": gettext_lazy("status"),
    "term": gettext_lazy("term"),
    "unit_price": gettext_lazy("price"),
    "verb": "",
    "version": gettext_lazy("version"),
}
# Keys of other rows say nothing to a person; the record's own page has them.
UNTOLD = {
    *("case", "existing_fingerprint", "invitation", "observation", "offer"),
    *("supersedes", "target"),
}
# A state or role, as code writes it.
CODE = re.compile(r"[a-z]+(_[a-z]+)*")


def in_words(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Such as "seats 25 → 30, auto-renew Yes → No"; empty where nothing is told."""
    names = [name for name in {**old, **new} if name not in UNTOLD]
    values = {name: (old.get(name), new.get(name)) for name in names}
    if "fields" in values:  # at the end those of which nothing but the name is told
        values["fields"] = None, _untold(values.pop("fields")[1] or [], names)
    return ", ".join(
        filter(None, (_told(name, *pair) for name, pair in values.items()))
    )


def _untold(fields: list[str], names: list[str]) -> list[str]:
    labels = {*names, *(_label(name) for name in names)}
    return [field for field in fields if not labels & {field, field.lower()}]


def _label(name: str) -> str:
    return str(NAMES.get(name, name.replace("_", " ")))


def _told(name: str, before: Any, after: Any) -> str:
    if before == after or (before in (None, "") and after in (None, "", [], {})):
        return ""
    label = _label(name)
    if before is None:
        return f"{label} {_words(after)}".strip()
    return f"{label} {_words(before)} → {_words(after)}"


def _words(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(_words(each) for each in value)
    if isinstance(value, dict):  # a line of an order
        return _words(value.get("quantity"))
    text = str(value)
    # States and roles are translated where their choices are declared.
    return _(capfirst(text.replace("_", " "))) if CODE.fullmatch(text) else text
