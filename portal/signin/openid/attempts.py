"""Sign-ins that this session has begun and not finished: one for each tab."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from authlib.common.security import generate_token
from django.http import HttpRequest

from portal.foundation import clock

from .faults import Fault, SignInFailed

ATTEMPTS = "openid_attempts"
LIFETIME = timedelta(minutes=10)
MOST = 5  # of one session; the oldest makes room


class Purpose(StrEnum):
    ANYBODY = "anybody"  # staff, or somebody of a tenant that is known
    TENANT = "tenant"  # an invitation's or a partner's link
    LINK = "link"  # staff that is signed in adds this way to sign in


@dataclass(frozen=True)
class Attempt:
    """`state` goes to the provider and comes back; the rest never leaves but hashed."""

    state: str
    nonce: str
    verifier: str
    purpose: str
    next: str
    began_at: str


def new(purpose: Purpose, next_url: str) -> Attempt:
    return Attempt(
        state=generate_token(40),
        nonce=generate_token(40),
        verifier=generate_token(64),
        purpose=str(purpose),
        next=next_url,
        began_at=clock.now().isoformat(),
    )


def remember(request: HttpRequest, attempt: Attempt) -> None:
    begun = list(request.session.get(ATTEMPTS, []))
    request.session[ATTEMPTS] = [*begun, asdict(attempt)][-MOST:]


def finish(request: HttpRequest, state: str) -> Attempt:
    """The attempt of that state, which serves no second time; raises SignInFailed."""
    begun = [Attempt(**kept) for kept in request.session.get(ATTEMPTS, [])]
    found = next((attempt for attempt in begun if attempt.state == state), None)
    if found is None:
        raise SignInFailed(Fault.ATTEMPT_UNKNOWN, "unknown state")
    request.session[ATTEMPTS] = [
        asdict(attempt) for attempt in begun if attempt is not found
    ]
    if clock.now() - datetime.fromisoformat(found.began_at) > LIFETIME:
        raise SignInFailed(Fault.ATTEMPT_UNKNOWN, "too old")
    return found
