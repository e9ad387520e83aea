"""A person's own ways in: password, second factor, sessions, locks.

What a person may do for itself, the operator may do for it, but for what takes a
password. The log tells that it was done, never with what.
"""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts import second_factor, throttling
from portal.accounts.models import Throttle, User

from ..actors import Actor
from ..enums import Operation
from ..exceptions import TransitionNotAllowed
from ..roles import Action
from . import mail
from .activity import record


@transaction.atomic
def set_up_second_factor(user: User, *, actor: Actor, key: str, code: str) -> list[str]:
    """Recovery codes. ValidationError `code` when the code does not fit the key."""
    _require_self(user, actor)
    codes = second_factor.set_up(user, key, code)
    if codes is None:
        raise ValidationError(
            _("This code does not fit. Is the clock of your phone right?"), code="code"
        )
    record(Operation.ADD_SECOND_FACTOR, user, actor=actor)
    return codes


@transaction.atomic
def renew_recovery_codes(user: User, *, actor: Actor) -> list[str]:
    """New codes; the old ones stop working."""
    _require_self(user, actor)
    user = User.objects.select_for_update().get(pk=user.pk)
    if not second_factor.is_set_up(user):
        raise TransitionNotAllowed(_("There is no second factor."))
    codes = second_factor.make_recovery_codes(user)
    fields = {"fields": ["recovery_codes"]}
    record(Operation.ADD_SECOND_FACTOR, user, actor=actor, new=fields)
    return codes


@transaction.atomic
def remove_second_factor(user: User, *, actor: Actor, reason: str = "") -> None:
    """By the person, or by the operator for whoever has lost the phone.

    Every session of the person ends.
    """
    _require_self_or_operator(user, actor)
    user = User.objects.select_for_update().get(pk=user.pk)
    if not second_factor.is_set_up(user):
        raise TransitionNotAllowed(_("There is no second factor."))
    second_factor.remove(user)
    user.end_sessions()
    record(Operation.REMOVE_SECOND_FACTOR, user, actor=actor, reason=reason.strip())


@transaction.atomic
def change_password(user: User, *, actor: Actor, password: str) -> None:
    """Ends every session of the person, and tells the person by e-mail.

    `actor` is the person, or a visitor whose link from an e-mail has shown who it is.
    """
    if actor.user is not None:
        _require_self(user, actor)
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    throttling.unlock(user)
    record(Operation.RESET_PASSWORD, user, actor=actor)
    mail.enqueue(user.email, *mail.render("password_changed", {"user": user}))


@transaction.atomic
def sign_out_everywhere(user: User, *, actor: Actor) -> None:
    _require_self_or_operator(user, actor)
    user.end_sessions()
    record(Operation.SIGN_OUT_EVERYWHERE, user, actor=actor)


@transaction.atomic
def lift_lock(user: User, *, actor: Actor) -> None:
    """Let a person guess again at once."""
    actor.require(Action.MANAGE_PEOPLE)
    if not throttling.is_locked(user):
        raise TransitionNotAllowed(_("This person is not locked, or no longer."))
    throttling.unlock(user)
    record(Operation.LIFT_LOCK, user, actor=actor)


@transaction.atomic
def lift_limit(limit: Throttle, *, actor: Actor) -> None:
    """Let whoever is counted by this row go on at once."""
    actor.require(Action.MANAGE_PEOPLE)
    record(Operation.LIFT_LOCK, limit, actor=actor, new={"scope": limit.scope})
    limit.delete()


def _require_self(user: User, actor: Actor) -> None:
    if actor.user != user:
        raise PermissionDenied(_("A person does this for itself alone."))


def _require_self_or_operator(user: User, actor: Actor) -> None:
    if actor.user != user:
        actor.require(Action.MANAGE_PEOPLE)
