"""The second factor: codes of an app on the person's phone, and recovery codes.

django-otp keeps the key, judges codes and takes none twice. Guesses are counted by
`throttling`: the library's own delay doubles with each, and whoever knows the password
could shut the owner out for years.
"""

import secrets

import django_otp
from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from .enums import Factor
from .models import User

RECOVERY_CODES = 10
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that looks like something else
NAME = "portal"


def is_set_up(user: User) -> bool:
    return TOTPDevice.objects.devices_for_user(user, confirmed=True).exists()


def new_key() -> str:
    """20 random bytes, in hexadecimal."""
    return secrets.token_hex(20)


def unsaved_device(user: User, key: str) -> TOTPDevice:
    """A device to be confirmed; it knows its key's address for the phone."""
    return TOTPDevice(user=user, name=NAME, key=key, confirmed=False)


@transaction.atomic
def set_up(user: User, key: str, code: str) -> list[str] | None:
    """Recovery codes when `code` fits `key`; None when not, or when there is one.

    Every session of this person ends: none may go on without the factor.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if is_set_up(user):
        return None
    remove(user)
    device = unsaved_device(user, key)
    device.save()
    if not device.verify_token(code):
        device.delete()
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    user.end_sessions()
    return make_recovery_codes(user)


@transaction.atomic
def make_recovery_codes(user: User) -> list[str]:
    """New ones instead of the old; only their hashes are kept."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name=NAME)
    codes = [_random_code() for _ in range(RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=_hashed(code, settings.SECRET_KEY))
    return codes


def count_recovery_codes(user: User) -> int:
    return sum(
        device.token_set.count() for device in StaticDevice.objects.filter(user=user)
    )


def verify(user: User, code: str) -> Factor | None:
    """What was given, and thereby used up: the app's code or a recovery code."""
    code = "".join(code.lower().split()).replace("-", "")
    if code.isdecimal():
        return Factor.CODE if _verify_code(user, code) else None
    return Factor.RECOVERY_CODE if _verify_recovery_code(user, code) else None


def remove(user: User) -> None:
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()


def _verify_code(user: User, code: str) -> bool:
    devices = TOTPDevice.objects.devices_for_user(user, confirmed=True)
    return any(
        django_otp.verify_token(user, device.persistent_id, code) for device in devices
    )


def _verify_recovery_code(user: User, code: str) -> bool:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(
        django_otp.verify_token(user, device.persistent_id, _hashed(code, key))
        for device in StaticDevice.objects.devices_for_user(user, confirmed=True)
        for key in keys
    )


def _random_code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _hashed(code: str, key: str) -> str:
    """As long as django-otp's column: 64 bits, of which the code has 50."""
    salt = "portal.accounts.second_factor"
    value = code.replace("-", "")
    mac = salted_hmac(salt, value, secret=key, algorithm="sha256")
    return mac.hexdigest()[:16]
