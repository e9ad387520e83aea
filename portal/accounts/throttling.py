"""How often something may be tried: counted before it is tried, in the database.

Counted before, because guesses that arrive together would all pass a count that is
taken after each. In the database, because every process has to see the same count.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from portal.foundation import clock

from .enums import ThrottleScope
from .models import Throttle, User


@dataclass(frozen=True)
class Limit:
    """At most `most` tries within `span`, which begins with the first."""

    scope: ThrottleScope
    most: int
    span: timedelta


@dataclass(frozen=True)
class Refusal:
    """One may try again from `until` on; `is_first` when nobody was told so before."""

    until: datetime
    is_first: bool


def guesses(scope: ThrottleScope) -> Limit:
    """How often a password or a code may be guessed."""
    from_address = scope == ThrottleScope.ADDRESS
    most = settings.GUESSES_PER_ADDRESS if from_address else settings.GUESSES
    return Limit(scope, most, timedelta(minutes=settings.LOCK_MINUTES))


def key_of(login: str) -> str:
    """Stands for an account without naming it, whether or not it exists.

    People type their password where the account belongs.
    """
    salt = "portal.accounts.throttling"
    return salted_hmac(salt, login.strip().lower(), algorithm="sha256").hexdigest()


@transaction.atomic
def take(limit: Limit, key: str) -> Refusal | None:
    """Count one try; None when it may be made."""
    now = clock.now()
    rows = Throttle.objects.select_for_update()
    defaults = {"ends_at": now + limit.span}
    row, _ = rows.get_or_create(scope=limit.scope, key=key, defaults=defaults)
    if row.ends_at <= now:
        row.count, row.ends_at = 0, now + limit.span
    is_first = row.count == limit.most
    if row.count <= limit.most:
        row.count += 1
        row.save(update_fields=["count", "ends_at"])
    return Refusal(row.ends_at, is_first) if row.count > limit.most else None


def give_back(limit: Limit, key: str) -> None:
    """The try was no guess: one less."""
    rows = Throttle.objects.filter(scope=limit.scope, key=key, count__gt=0)
    rows.update(count=F("count") - 1)


def clear(scope: ThrottleScope, key: str) -> None:
    Throttle.objects.filter(scope=scope, key=key).delete()


def forget_ended() -> int:
    """Drop what no longer counts; how many rows that were."""
    return Throttle.objects.filter(ends_at__lte=clock.now()).delete()[0]


def is_locked(user: User) -> bool:
    """Whether this person has to wait before the next password or code."""
    return any(
        Throttle.objects.filter(
            scope=scope, key=key, count__gt=settings.GUESSES, ends_at__gt=clock.now()
        ).exists()
        for scope, key in _locks_of(user)
    )


def unlock(user: User) -> None:
    for scope, key in _locks_of(user):
        clear(scope, key)


def _locks_of(user: User) -> list[tuple[ThrottleScope, str]]:
    return [
        (ThrottleScope.ACCOUNT, key_of(user.login)),
        (ThrottleScope.CODE, str(user.pk)),
    ]
