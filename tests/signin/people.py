"""People with local accounts, their phones, and browsers that sign them in."""

import time
from typing import Any

from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from relationships.actors import Actor
from relationships.services.sign_in import set_up_second_factor
from tests.public.visitor import PASSWORD, Visitor

KEY = "3132333435363738393031323334353637383930"


def code_at(seconds_from_now: int = 0, key: str = KEY) -> str:
    """What a phone shows that knows `key`."""
    totp = TOTP(bytes.fromhex(key))
    totp.time = time.time() + seconds_from_now
    return f"{totp.token():06d}"


def with_factor(actor: Actor) -> list[str]:
    """Set a second factor up; the recovery codes. Its first code is used up by it."""
    assert actor.user is not None
    codes = set_up_second_factor(actor.user, actor=actor, key=KEY, code=code_at(-30))
    actor.user.refresh_from_db()
    return codes


def give_password(
    visitor: Visitor, actor: Actor, password: str = PASSWORD, **data: Any
) -> Any:
    assert actor.user is not None
    login = actor.user.login
    return visitor.submit("/sign-in/", login=login, password=password, **data)


def give_code(visitor: Visitor, code: str) -> Any:
    return visitor.submit("/sign-in/code/", code=code)


def is_signed_in(visitor: Visitor) -> bool:
    return visitor.get("/account/").status_code == 200


def devices() -> list[dict[str, Any]]:
    return list(TOTPDevice.objects.order_by("pk").values())


def wrong_code() -> str:
    """Six digits that the phone shows neither now nor a step before or after."""
    shown = {code_at(step) for step in (-60, -30, 0, 30, 60)}
    return next(code for code in map("{:06d}".format, range(9)) if code not in shown)
