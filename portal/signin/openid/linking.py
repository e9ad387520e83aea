"""Staff links an account of the partner's own tenant, to sign in by it from then on.

Both are shown first: the local account by its session, the other by the provider.
What links them is a POST, so nobody can be led into it by a link.
"""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.accounts.models import User
from relationships.actors import Actor
from relationships.services import identities

from .. import arrivals, sessions
from ..account import local_page
from . import provider
from .attempts import Purpose
from .faults import Fault, SignInFailed
from .views import show_failure, to_provider


@local_page
def overview(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
    """The accounts that are linked. POST takes one away."""
    _refuse_unless_possible(actor)
    if request.method == "POST":
        return _unlink(request, user, actor)
    assert actor.partner is not None  # staff
    own = user.identities.filter(tenant_id=actor.partner.tenant_id).order_by("pk")
    context = {"identities": own, "partner": actor.partner}
    return render(request, "public/openid/linked.html", context)


@local_page
def start(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
    _refuse_unless_possible(actor)
    return to_provider(request, Purpose.LINK)


@local_page
def confirm(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
    _refuse_unless_possible(actor)
    proof = arrivals.kept_proof(request, sessions.TO_LINK)
    if proof is None:
        return redirect("openid-linked")
    if request.method == "POST":
        del request.session[sessions.TO_LINK]
        try:
            identities.link_identity(proof, actor=actor)
        except ValidationError as error:
            failed = SignInFailed(Fault.LINK_REFUSED, str(error.code))
            return show_failure(request, failed)
        messages.success(request, _("Linked. From now on you can sign in with it."))
        return redirect("openid-linked")
    context = {"proof": proof, "partner": actor.partner}
    return render(request, "public/openid/confirm_link.html", context)


def _refuse_unless_possible(actor: Actor) -> None:
    if not provider.is_configured():
        raise Http404
    if not actor.is_staff:
        raise PermissionDenied(_("Only staff of a partner links an account."))


def _unlink(request: HttpRequest, user: User, actor: Actor) -> HttpResponse:
    assert actor.partner is not None  # staff
    linked = user.identities.filter(tenant_id=actor.partner.tenant_id)
    own = {str(identity.pk): identity for identity in linked}
    if (identity := own.get(request.POST.get("identity", ""))) is not None:
        identities.unlink_identity(identity, actor=actor)
        user.refresh_from_db()
        update_session_auth_hash(request, user)
        messages.success(request, _("No longer linked. You are signed out elsewhere."))
    return redirect("openid-linked")
