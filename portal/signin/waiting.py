"""Between password and code: who is expected, in a session that is nobody's yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from portal.accounts.models import User
from portal.foundation import clock
from relationships.actors import Actor

KEY = "code_wanted"
PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Waiting:
    """Whose code is wanted; `acts_as` names the actor, `go_on` the page after it."""

    user: User
    acts_as: str | None
    go_on: str


def begin(request: HttpRequest, user: User, actor: Actor | None, *, go_on: str) -> None:
    request.session.cycle_key()  # nobody else may know under which key this is kept
    request.session[KEY] = {
        "user": user.pk,
        "stamp": user.get_session_auth_hash(),
        "since": clock.now().isoformat(),
        "acts_as": actor.key if actor else None,
        "go_on": go_on,
    }


def find(request: HttpRequest) -> Waiting | None:
    """Whoever gave the right password lately, and may still sign in with it."""
    kept = request.session.get(KEY)
    if kept is None:
        return None
    is_late = clock.now() - datetime.fromisoformat(kept["since"]) > PATIENCE
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if is_late or user is None:
        return None
    if not constant_time_compare(kept["stamp"], user.get_session_auth_hash()):
        return None
    return Waiting(user, kept["acts_as"], kept["go_on"])


def end(request: HttpRequest) -> None:
    request.session.pop(KEY, None)
