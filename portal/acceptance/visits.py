"""What a token leads to, and who stands before it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.debug import (
    sensitive_post_parameters,
    sensitive_variables,
)

from portal.signin import sessions
from relationships import links
from relationships.actors import Actor, actors_of
from relationships.models import Invitation, Partner

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


@dataclass(frozen=True)
class Visit:
    """A request for an invitation's link; an older link is no longer `is_current`."""

    request: HttpRequest
    token: str
    invitation: Invitation
    is_current: bool

    @property
    def url(self) -> str:
        return reverse("invitation", args=[self.token])

    @property
    def tenant(self) -> Actor | None:
        """The visitor, when it acts for a tenant."""
        return tenant_of(self.request)

    @property
    def is_preview(self) -> bool:
        return is_preview(self.request, self.invitation.partner)


@dataclass(frozen=True)
class PartnerVisit:
    """A request for a partner's standing link; `is_live` while it is in use."""

    request: HttpRequest
    token: str
    partner: Partner
    is_live: bool

    @property
    def url(self) -> str:
        return reverse("partner-link", args=[self.token])

    @property
    def tenant(self) -> Actor | None:
        return tenant_of(self.request)

    @property
    def is_preview(self) -> bool:
        return is_preview(self.request, self.partner)


def tenant_of(request: HttpRequest) -> Actor | None:
    actor = sessions.actor_of(request)
    return actor if actor is not None and actor.is_tenant else None


def is_preview(request: HttpRequest, partner: Partner) -> bool:
    """Whether the partner's own staff, or an operator, looks at what customers see."""
    if not request.user.is_authenticated or tenant_of(request):
        return False
    actors = actors_of(request.user)
    return any(actor.is_operator or actor.partner == partner for actor in actors)


def visit(request: HttpRequest, token: str) -> Visit:
    """Raises Http404 unless the link is a genuine one."""
    link = links.read_token(links.INVITATION, token)
    rows = Invitation.objects.select_related("partner", "customer")
    invitation = rows.filter(pk=link.id).first() if link else None
    if link is None or invitation is None:
        raise Http404
    is_current = link.generation == invitation.link_generation
    return Visit(request, token, invitation, is_current)


def partner_visit(request: HttpRequest, token: str) -> PartnerVisit:
    """Raises Http404 unless the link is a genuine one."""
    link = links.read_token(links.PARTNER, token)
    partner = Partner.objects.filter(pk=link.id).first() if link else None
    if link is None or partner is None:
        raise Http404
    is_live = partner.has_live_link and link.generation == partner.link_generation
    return PartnerVisit(request, token, partner, is_live)


def link_page(view: Page[P]) -> Page[P]:
    """A page whose address is a secret: kept by no cache and told to no other site.

    The policy is not `no-referrer`: under that one, browsers post forms with the
    origin "null", which the protection against forged requests has to refuse.
    """

    @wraps(view)
    @sensitive_post_parameters("password")
    @sensitive_variables("token")
    def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404:  # plain, also where DEBUG would tell more
            response = render(request, "404.html", status=404)
        add_never_cache_headers(response)
        response["Referrer-Policy"] = "same-origin"
        return response

    return page


def acts_on_invitation(view: Callable[[Visit], HttpResponse]) -> Page[[str]]:
    """POST acts; whatever else, and an old link, goes to the invitation's page."""

    @wraps(view)
    @link_page
    def act(request: HttpRequest, token: str) -> HttpResponse:
        found = visit(request, token)
        if request.method != "POST" or not found.is_current:
            return redirect(found.url)
        return view(found)

    return act
