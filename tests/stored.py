"""What the database holds, to be compared before and after."""

from typing import Any

from django.apps import apps

from relationships.enums import Operation

OWN_APPS = ("accounts", "jobs", "relationships", "reports", "subscriptions")


def rows(*labels: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of these models, but the note that somebody exported a list."""
    found = {}
    for label in labels:
        stored = apps.get_model(label)._base_manager.order_by("pk")
        if label == "relationships.ActivityRecord":
            stored = stored.exclude(operation=Operation.EXPORT)
        found[label] = list(stored.values())
    return found


def everything_but(*labels: str) -> list[str]:
    """Every model of the portal's own, but for these."""
    return [
        model._meta.label
        for app in OWN_APPS
        for model in apps.get_app_config(app).get_models()
        if not model._meta.proxy and model._meta.label not in labels
    ]
