from typing import Any

from django.conf import settings
from django.http import HttpRequest


def actor(request: HttpRequest) -> dict[str, Any]:
    """`actor` (or None) and `is_demo` for every template."""
    return {
        "actor": getattr(request, "actor", None),
        "is_demo": settings.DEBUG,
    }
