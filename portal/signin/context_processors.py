from typing import Any

from django.conf import settings
from django.http import HttpRequest


def actor(request: HttpRequest) -> dict[str, Any]:
    """`actor` (or None), `is_demo` and `openid_name` (or "") for every template."""
    return {
        "actor": getattr(request, "actor", None),
        "is_demo": settings.DEBUG,
        "openid_name": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
    }
