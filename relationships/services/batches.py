"""Many invitations at once: asked for in one go, created by a job, each once."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.foundation.refusals import REFUSALS, words
from portal.jobs.defining import LOW, GiveUp, JobContext, job

from ..actors import Actor, actors_of
from ..enums import LineMark, Operation, SentHow
from ..exceptions import TransitionNotAllowed
from ..models import BatchRow, Invitation, InvitationBatch, Partner
from ..roles import Action
from .activity import record
from .binding import bind_to_tenants
from .invitations import check_expiry, create_invitation, send_invitation
from .locking import lock_transacting
from .recipients import Line, as_text, judged


@transaction.atomic
def create_batch(
    lines: list[Line],
    *,
    actor: Actor,
    request_key: uuid.UUID,
    expires_at: datetime,
    sends: bool,
    language: str = settings.LANGUAGE_CODE,
) -> InvitationBatch:
    """Let a job invite whoever of the list can be invited now.

    The same list with the same `request_key` gives the same batch again.
    ValidationError: `expiry`, `rows` (nobody of the list can be invited).
    """
    actor.require(Action.INVITE)
    assert actor.partner is not None  # only staff roles may invite
    assert actor.user is not None
    partner = lock_transacting(actor.partner)
    asked = {"expires_at": expires_at, "sends": sends, "language": language}
    id = _id(partner, lines, asked, request_key)
    earlier = InvitationBatch.objects.filter(pk=id).first()
    if earlier is not None:
        return earlier
    check_expiry(expires_at)
    good = _good(lines, partner)
    batch = InvitationBatch.objects.create(
        id=id, partner=partner, created_by=actor.user, **asked
    )
    BatchRow.objects.bulk_create(_row(batch, line) for line in good)
    record(
        Operation.CREATE_BATCH,
        batch,
        actor=actor,
        partner=partner,
        new={"count": len(good), "sends": sends},
    )
    return _enqueue(batch)


def _id(
    partner: Partner, lines: list[Line], asked: dict[str, Any], request_key: uuid.UUID
) -> uuid.UUID:
    """The same for a second click, another one for whatever else is asked."""
    moment = asked["expires_at"].isoformat()
    words = [str(partner.pk), moment, str(asked["sends"]), asked["language"]]
    return uuid.uuid5(request_key, "\n".join([*words, as_text(lines)]))


def _good(lines: list[Line], partner: Partner) -> list[Line]:
    good = [line for line in judged(lines, partner) if line.mark == LineMark.GOOD]
    if not good:
        raise ValidationError(_("Nobody of this list can be invited."), code="rows")
    return good


@transaction.atomic
def go_on(batch: InvitationBatch, *, actor: Actor) -> InvitationBatch:
    """Take up a list whose job has failed. TransitionNotAllowed when none has."""
    actor.require(Action.INVITE, batch)
    rows = InvitationBatch.objects.select_related("partner")
    batch = rows.select_for_update(of=("self",)).get(pk=batch.pk)
    if not batch.has_stopped:
        raise TransitionNotAllowed(_("This list is at work already, or done."))
    record(Operation.RUN_JOB_AGAIN, batch, actor=actor, partner=batch.partner)
    return _enqueue(batch)


def _enqueue(batch: InvitationBatch) -> InvitationBatch:
    batch.job_id = str(invite_all.enqueue(str(batch.pk)).id)
    batch.save(update_fields=["job_id"])
    return batch


def _row(batch: InvitationBatch, line: Line) -> BatchRow:
    return BatchRow(
        batch=batch,
        number=line.number,
        name=line.name,
        recipient_email=line.address,
        customer_domain=line.domain,
        reference=line.reference,
    )


@job(gettext_lazy("Create the invitations of a list"), priority=LOW)
def invite_all(context: JobContext, batch_id: str) -> None:
    """One after the other, each in a transaction with the line that tells of it."""
    batches = InvitationBatch.objects.select_related("partner", "created_by")
    batch = batches.filter(pk=batch_id).first()
    if batch is None:
        raise GiveUp(_("This list is not there any more."))
    waiting = list(batch.rows.waiting().values_list("pk", flat=True))
    total = batch.rows.count()
    for done, pk in enumerate(waiting, total - len(waiting) + 1):
        _invite(pk, batch)
        context.progress(done, total)


def _invite(pk: int, batch: InvitationBatch) -> None:
    try:
        made = _create(pk, batch, actor=_actor_of(batch))
    except REFUSALS as error:
        BatchRow.objects.waiting().filter(pk=pk).update(problem=words(error))
    else:
        bind_to_tenants(made)


def _actor_of(batch: InvitationBatch) -> Actor:
    """Who asked, as that person is now. PermissionDenied when it has left."""
    actors = actors_of(batch.created_by) if batch.created_by.is_active else []
    for actor in actors:
        if actor.partner == batch.partner:
            return actor
    raise PermissionDenied(_("Whoever asked for it is no longer with the partner."))


@transaction.atomic
def _create(pk: int, batch: InvitationBatch, *, actor: Actor) -> list[Invitation]:
    """None of it when another worker was quicker: it had the row locked."""
    row = (
        BatchRow.objects.waiting().select_for_update(of=("self",)).filter(pk=pk).first()
    )
    if row is None:
        return []
    invitation = create_invitation(
        actor=actor,
        recipient_email=row.recipient_email,
        customer_domain=row.customer_domain,
        reference=row.reference,
        expires_at=batch.expires_at,
        language=batch.language,
        name=row.name,
    )
    if batch.sends:
        send_invitation(invitation, actor=actor, how=SentHow.PORTAL)
    row.invitation = invitation
    row.save(update_fields=["invitation"])
    return [invitation]
