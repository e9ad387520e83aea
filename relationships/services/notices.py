"""What people are told: kept in their inbox, and sent by e-mail to who wants that.

Each event is announced in one function: `events` here, and in `subscriptions`. The
service that causes it calls that function in its own transaction. A new one takes

1. a kind in `NoticeKind`, which tells whose it is (`STAFF_NOTICES`, `TENANT_NOTICES`),
2. `templates/relationships/email/<kind>_subject.txt` and `<kind>_body.txt`; the subject
   is the inbox's sentence too and takes from `data` alone,
3. a function in `events` that says to whom: it calls `tell` with a `Message`.

A partner's webhooks hear of what the same service writes to the activity log.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import translation

from portal.accounts.models import User
from portal.foundation import clock

from ..actors import Actor
from ..enums import STAFF_NOTICES, TENANT_NOTICES, NoticeKind
from ..models import Invitation, Notice, NoticeChoice, Partner
from ..models.notice import read_moments
from . import mail


@dataclass(frozen=True)
class Message:
    """What is told of one event. `event` names it: nobody is told it twice.

    `data` is JSON without personal data (moments are called `..._at`), `context` what
    only the e-mail says besides, `path` the page to look at.
    """

    kind: NoticeKind
    event: str
    path: str
    data: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    invitation: Invitation | None = None
    on_behalf_of: Partner | None = None


def tell(
    recipients: Iterable[Actor], message: Message, *, in_languages: Sequence[str] = ()
) -> int:
    """Tell each of them once, as who they are here; how many have been told now.

    The e-mail is in every language to a tenant's people, unless `in_languages` knows
    better, and in English to staff.
    """
    told = 0
    for recipient in recipients:
        user = recipient.user
        assert user is not None  # neither the clock nor a visitor is told
        _notice, is_new = Notice.objects.get_or_create(
            recipient=user,
            key=f"{recipient.key} {message.kind} {message.event}",
            defaults={
                "kind": message.kind,
                "partner": recipient.partner,
                "customer": recipient.customer,
                "data": _as_json(message.data),
                "path": message.path,
                "created_at": clock.now(),
            },
        )
        told += is_new
        if is_new and wants_email(user, message.kind):
            languages = in_languages or _languages_of(recipient)
            write_to(user.email, message, in_languages=languages)
    return told


def _as_json(data: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in data.items()
    }


def _languages_of(recipient: Actor) -> list[str]:
    if recipient.is_tenant:
        return [code for code, _name in settings.LANGUAGES]
    return [settings.LANGUAGE_CODE]


def write_to(
    address: str, message: Message, *, in_languages: Sequence[str] = ()
) -> None:
    """The e-mail alone, to an address that may be nobody's here; to none, nothing."""
    context = {
        **message.context,
        **read_moments(_as_json(message.data)),
        "address": settings.PUBLIC_URL + message.path,
    }
    subjects, texts = [], []
    for code in in_languages or [settings.LANGUAGE_CODE]:
        with translation.override(code):
            subject, text = mail.render(message.kind, context)
        subjects.append(subject)
        texts.append(text)
    mail.enqueue(
        address,
        " / ".join(subjects)[: mail.SUBJECT_LENGTH],
        "\n".join(texts),
        invitation=message.invitation,
        on_behalf_of=message.on_behalf_of,
    )


# What a person does with them


def mark_read(actor: Actor, notice_id: UUID | None = None) -> int:
    """One of the actor's own, or all of them; how many were unread."""
    rows = Notice.objects.visible_to(actor).unread()
    if notice_id is not None:
        rows = rows.filter(pk=notice_id)
    return int(rows.update(read_at=clock.now()))


def kinds_for(actors: Iterable[Actor]) -> list[NoticeKind]:
    """What somebody who can act as these may be told of."""
    actors = list(actors)
    kinds: set[NoticeKind] = set()
    if any(not actor.is_tenant for actor in actors):
        kinds.update(STAFF_NOTICES)
    if any(actor.is_tenant for actor in actors):
        kinds.update(TENANT_NOTICES)
    return [kind for kind in NoticeKind if kind in kinds]


def wants_email(user: User, kind: NoticeKind) -> bool:
    return not user.notice_choices.filter(kind=kind, by_email=False).exists()


def emailed_kinds(user: User) -> list[str]:
    """The kinds that this person gets by e-mail too."""
    unwanted = set(
        user.notice_choices.filter(by_email=False).values_list("kind", flat=True)
    )
    return [kind for kind in NoticeKind.values if kind not in unwanted]


@transaction.atomic
def choose_emails(
    user: User, *, wanted: Iterable[str], among: Iterable[NoticeKind]
) -> None:
    """Keep which of these kinds the person wants by e-mail; others stay as they are."""
    wanted = set(wanted)
    for kind in among:
        NoticeChoice.objects.update_or_create(
            user=user, kind=kind, defaults={"by_email": kind in wanted}
        )


def forget_old() -> None:
    """Drop what was told long ago."""
    oldest = clock.now() - timedelta(days=settings.NOTICE_DAYS)
    Notice.objects.filter(created_at__lt=oldest).delete()


def forget_person(user: User) -> None:
    """Somebody who is anonymised reads nothing any more."""
    user.notices.all().delete()
    user.notice_choices.all().delete()
