"""Signing in by OpenID Connect: to the provider, back again, and what comes of it.

The start is a GET that makes a state and nothing else: a form's POST could not lead
to the provider, since the policy lets forms go to this portal alone.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from relationships.actors import Actor
from relationships.enums import SignInHow
from relationships.services import identities
from relationships.services.identities import ProvedIdentity

from .. import arrivals, sessions
from ..going_on import is_link, safe_next
from . import attempts, provider, tokens
from .attempts import Attempt, Purpose
from .faults import Fault, SignInFailed, words_for
from .forms import CompanyForm

logger = logging.getLogger(__name__)

OPENID = SignInHow.OPENID_CONNECT
STARTS = {
    Purpose.ANYBODY: "openid-start",
    Purpose.TENANT: "openid-tenant",
    Purpose.LINK: "openid-link",
}
# What Entra writes where an administrator of the tenant has to agree first.
CONSENT_CODES = ("AADSTS65001", "AADSTS90094", "AADSTS90095")


@never_cache
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """From the front door: staff, or people of a tenant that is known here."""
    return to_provider(request, Purpose.ANYBODY)


@never_cache
@require_GET
def start_for_tenant(request: HttpRequest) -> HttpResponse:
    """From an invitation's or a partner's link, which is `next`.

    Without a genuine one nobody of a tenant that is unknown here gets in.
    """
    is_asked = is_link(safe_next(request))
    return to_provider(request, Purpose.TENANT if is_asked else Purpose.ANYBODY)


def to_provider(request: HttpRequest, purpose: Purpose) -> HttpResponse:
    if not provider.is_configured():
        raise Http404
    attempt = attempts.new(purpose, safe_next(request))
    try:
        url = provider.current().authorization_url(
            redirect_uri=callback_url(),
            state=attempt.state,
            nonce=attempt.nonce,
            verifier=attempt.verifier,
        )
    except SignInFailed as failed:
        return show_failure(request, failed, attempt)
    attempts.remember(request, attempt)
    return HttpResponseRedirect(url)


def callback_url() -> str:
    """As the app registration lists it: exactly this address and no other."""
    return settings.PUBLIC_URL + reverse("openid-callback")


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    if not provider.is_configured():
        raise Http404
    attempt = None
    try:
        attempt = attempts.finish(request, request.GET.get("state", ""))
        proof = _proof(request, attempt)
        return ENDINGS[Purpose(attempt.purpose)](request, attempt, proof)
    except SignInFailed as failed:
        # Some providers send no state along with an error.
        has_error = attempt is None and "error" in request.GET
        told = _refusal(request) if has_error else failed
        return show_failure(request, told, attempt)


def _proof(request: HttpRequest, attempt: Attempt) -> ProvedIdentity:
    """What the provider proves in exchange for the code that it sent along."""
    if "error" in request.GET:
        raise _refusal(request)
    here = provider.current()
    answer = here.exchange(
        request.GET.get("code", ""),
        redirect_uri=callback_url(),
        verifier=attempt.verifier,
    )
    return tokens.read(here, answer, nonce=attempt.nonce)


def _refusal(request: HttpRequest) -> SignInFailed:
    """An error that the provider sends the person back with (OpenID Core, 3.1.2.6)."""
    error = request.GET["error"]
    description = request.GET.get("error_description", "")
    if error == "consent_required" or any(
        code in description for code in CONSENT_CODES
    ):
        return SignInFailed(Fault.CONSENT_MISSING)
    if error in {"access_denied", "login_required", "interaction_required"}:
        return SignInFailed(Fault.NOT_ALLOWED)
    if error in {"server_error", "temporarily_unavailable"}:
        return SignInFailed(Fault.PROVIDER_DOWN)
    return SignInFailed(Fault.PROVIDER_REFUSED)


def _enter_tenant(
    request: HttpRequest, attempt: Attempt, proof: ProvedIdentity
) -> HttpResponse:
    _refuse_without_role(proof)
    _refuse_switched_off(proof)
    membership = identities.sign_in_to_tenant(proof)
    if membership is None:
        arrivals.note_newcomer(request, proof)
    else:
        _begin(request, Actor.tenant(membership), proof)
        arrivals.note_arrival(request, attempt.next)
    return _go_on(attempt.next)


def _enter_anywhere(
    request: HttpRequest, attempt: Attempt, proof: ProvedIdentity
) -> HttpResponse:
    """As staff where the identity is linked; else to the tenant, if it is known."""
    _refuse_switched_off(proof)
    staff = _staff_of(proof)
    if staff is not None:
        _begin(request, staff, proof)
        return _go_on(attempt.next)
    is_partners = identities.partner_of_tenant(proof.tenant_id) is not None
    if not is_partners:
        _refuse_without_role(proof)
    membership = identities.sign_in_to_tenant(proof) if proof.role else None
    if membership is None:
        fault = Fault.STAFF_NOT_LINKED if is_partners else Fault.TENANT_UNKNOWN
        raise SignInFailed(fault)
    _begin(request, Actor.tenant(membership), proof)
    return _go_on(attempt.next)


def _staff_of(proof: ProvedIdentity) -> Actor | None:
    """Whoever has linked this identity, as staff of the partner that it is of."""
    user = identities.person_of(proof)
    if user is None:
        return None
    actors = sessions.possible_actors(user, OPENID, proof.tenant_id)
    return next((actor for actor in actors if actor.is_staff), None)


def _refuse_without_role(proof: ProvedIdentity) -> None:
    if proof.role is None:
        raise SignInFailed(Fault.ROLES_MISSING, settings.OIDC_ROLES_CLAIM)


def _refuse_switched_off(proof: ProvedIdentity) -> None:
    user = identities.person_of(proof)
    if user is not None and not user.is_active:
        raise SignInFailed(Fault.SWITCHED_OFF)


def _keep_to_link(
    request: HttpRequest, attempt: Attempt, proof: ProvedIdentity
) -> HttpResponse:
    """Nothing is linked before whoever is signed in here has confirmed it."""
    arrivals.keep_proof(request, sessions.TO_LINK, proof)
    return redirect("openid-confirm-link")


Ending = Callable[[HttpRequest, Attempt, ProvedIdentity], HttpResponse]
ENDINGS: dict[Purpose, Ending] = {
    Purpose.ANYBODY: _enter_anywhere,
    Purpose.TENANT: _enter_tenant,
    Purpose.LINK: _keep_to_link,
}


def _begin(request: HttpRequest, actor: Actor, proof: ProvedIdentity) -> None:
    assert actor.user is not None  # staff or a tenant's person
    sessions.begin(
        request, actor.user, actor=actor, how=OPENID, tenant_id=proof.tenant_id
    )


def _go_on(url: str) -> HttpResponse:
    """`url` was found to be on this portal when the sign-in began."""
    return HttpResponseRedirect(url or reverse("home"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def company(request: HttpRequest) -> HttpResponse:
    """A tenant that nobody has come from before says what its company is called."""
    proof = arrivals.newcomer(request)
    next_url = safe_next(request)
    if proof is None or not is_link(next_url):
        return _go_on(next_url)
    query = urlencode({"next": next_url})
    action = f"{reverse('openid-company')}?{query}"
    form = CompanyForm(_posted(request), action=action)
    if form.is_valid():
        membership = identities.state_company(proof, **form.cleaned_data)
        _begin(request, Actor.tenant(membership), proof)
        arrivals.note_arrival(request, next_url)
        return _go_on(next_url)
    context = {
        "form": form,
        "proof": proof,
        "again_url": f"{reverse('openid-tenant')}?{query}",
    }
    return render(request, "public/openid/company.html", context)


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def show_failure(
    request: HttpRequest, failed: SignInFailed, attempt: Attempt | None = None
) -> HttpResponse:
    """What went wrong, and a way on. The log gets no token, code or secret."""
    logger.warning(
        "Sign-in by OpenID Connect: %s", f"{failed.fault} {failed.detail}".strip()
    )
    next_url = attempt.next if attempt else ""
    purpose = Purpose(attempt.purpose) if attempt else Purpose.ANYBODY
    query = f"?{urlencode({'next': next_url})}" if next_url else ""
    context = {
        "is_about_roles": failed.fault == Fault.ROLES_MISSING,
        "words": words_for(failed.fault),
        "again_url": reverse(STARTS[purpose]) + query if attempt else "",
        "back_url": next_url,
        "roles_claim": settings.OIDC_ROLES_CLAIM,
    }
    status = failed.fault.status
    return render(request, "public/openid/failed.html", context, status=status)
