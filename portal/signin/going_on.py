"""Where to go on after signing in, as far as the request may say so."""

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from relationships import links

LINKS = {"invitation": links.INVITATION, "partner-link": links.PARTNER}


def safe_next(request: HttpRequest) -> str:
    """Where to go on as the request asks, or "" unless that is on this portal."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_safe else ""


def is_link(url: str) -> bool:
    """Whether it is the page of an invitation or of a partner's link that we made.

    The link's own code tells; nothing is looked up.
    """
    try:
        found = resolve(urlsplit(url).path)
    except Resolver404:
        return False
    kind = LINKS.get(found.view_name)
    return (
        kind is not None and links.read_token(kind, found.kwargs["token"]) is not None
    )
