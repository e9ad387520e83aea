"""Webhooks: which events there are, telling a partner's servers, and the log of it.

Whatever is written to the activity log may be an event: to add one, name it in
`enums.WebhookEvent` and say in `EVENTS` which operation brings it about.
"""

import base64
import hashlib
import hmac
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.foundation import clock
from portal.foundation.logs import redact
from portal.foundation.posting import Answer, NoAnswer, NotAllowed, post
from portal.jobs.defining import LOW, GiveUp, JobContext, Later, job

from ..actors import Actor
from ..enums import DeliveryState, Operation, WebhookEvent
from ..models import ActivityRecord, WebhookDelivery, WebhookEndpoint
from . import events, log

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))
REST = PAUSES[0]  # what else waits for an endpoint that did not take something
GONE = 410
ANSWERS_KEPT = 20
SHOWN = 300  # characters of what a server said


@dataclass(frozen=True)
class Event:
    """`path` is the resource's own address in the API; `resource` what it is."""

    name: WebhookEvent
    resource: str
    path: str = "/v1/customers/{customer}"


_ACCEPTED = Event(WebhookEvent.ACCEPTED_BY_CUSTOMER, "customer")
_ENDED = Event(WebhookEvent.RELATIONSHIP_ENDED, "customer")
_UPDATED = Event(
    WebhookEvent.SUBSCRIPTION_UPDATED,
    "subscription",
    "/v1/customers/{customer}/subscriptions/{resource}",
)


def _invitation(name: WebhookEvent) -> Event:
    return Event(name, "invitation", "/v1/invitations/{resource}")


EVENTS: Mapping[str, tuple[Event, ...]] = {
    Operation.ACCEPT_INVITATION: (
        _invitation(WebhookEvent.INVITATION_ACCEPTED),
        _ACCEPTED,
    ),
    Operation.DECLINE_INVITATION: (_invitation(WebhookEvent.INVITATION_DECLINED),),
    Operation.END_RELATIONSHIP: (_ENDED,),
    **dict.fromkeys(
        (
            Operation.CHANGE_SEATS,
            Operation.SUSPEND,
            Operation.REACTIVATE,
            Operation.CANCEL,
            Operation.SET_AUTO_RENEW,
            Operation.SCHEDULE_CHANGE,
            Operation.DROP_SCHEDULED_CHANGE,
            Operation.RENAME,
            Operation.RENEW_SUBSCRIPTION,
            Operation.MOVE_SUBSCRIPTION,
        ),
        (_UPDATED,),
    ),
}


class NotTaken(Exception):
    """The endpoint did not take it; another attempt may do."""


def publish(records: Iterable[ActivityRecord]) -> None:
    """Queue, with lines of the log, what they mean to their partners' webhooks."""
    told = [
        record
        for record in records
        if record.operation in EVENTS and record.partner_id is not None
    ]
    listening = defaultdict(list)
    for endpoint in WebhookEndpoint.objects.listening({row.partner_id for row in told}):
        listening[endpoint.partner_id].append(endpoint)
    for record in told:
        for event in EVENTS[record.operation]:
            event_id = uuid.uuid4()
            for endpoint in listening[record.partner_id]:
                if event.name in endpoint.events:
                    _queue(endpoint, event, event_id, record)


def _queue(
    endpoint: WebhookEndpoint,
    event: Event,
    event_id: uuid.UUID,
    record: ActivityRecord,
) -> None:
    path = event.path.format(
        customer=record.customer.tenant_id if record.customer else "",
        resource=record.resource_id,
    )
    audit = f"{settings.PUBLIC_URL}/auditactivity/v1/auditrecords/{record.pk}"
    payload = _payload(event_id, event, path, audit=audit, at=record.at)
    _enqueue(endpoint, event, event_id, payload)


def _payload(
    event_id: uuid.UUID, event: Event, path: str, *, audit: str | None, at: datetime
) -> str:
    """In the shape of the reference system, with an id; no personal data."""
    return json.dumps(
        {
            "EventId": str(event_id),
            "EventName": event.name,
            "ResourceUri": settings.PUBLIC_URL + path,
            "ResourceName": event.resource,
            "AuditUri": audit,
            "ResourceChangeUtcDate": at.isoformat(),
        }
    )


def _enqueue(
    endpoint: WebhookEndpoint, event: Event, event_id: uuid.UUID, payload: str
) -> WebhookDelivery:
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event=event.name, event_id=event_id, payload=payload
    )
    deliver.enqueue(str(delivery.pk))
    return delivery


def enqueue_test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    event, event_id = Event(WebhookEvent.TEST, "test"), uuid.uuid4()
    path = "/v1/webhooks/registration/test"
    payload = _payload(event_id, event, path, audit=None, at=clock.now())
    return _enqueue(endpoint, event, event_id, payload)


def enqueue_again(delivery: WebhookDelivery) -> None:
    """The very same event, with its id; the caller holds the row."""
    delivery.state, delivery.queued_at = DeliveryState.QUEUED, clock.now()
    delivery.sending += 1
    delivery.save(update_fields=["state", "queued_at", "sending"])
    _rest(delivery, None)
    deliver.enqueue(str(delivery.pk), delivery.sending)


@job(gettext_lazy("Tell a webhook"), pauses=PAUSES, priority=LOW)
def deliver(context: JobContext, delivery_id: str, sending: int = 1) -> None:
    """Tell the endpoint of an event, and keep its answer.

    After a worker that died in between it is told again, with the same id. When a
    person has sent it again since, that job has taken this one's place.
    """
    deliveries = WebhookDelivery.objects.select_related("endpoint")
    delivery = deliveries.filter(pk=delivery_id).first()
    if delivery is None:
        raise GiveUp(_("This delivery is not there any more."))
    if delivery.state == DeliveryState.DELIVERED or delivery.sending != sending:
        return
    if not delivery.endpoint.is_active and delivery.event != WebhookEvent.TEST:
        note(delivery, DeliveryState.GIVEN_UP)
        raise GiveUp(_("The webhook is switched off."))
    _wait_for_rest(delivery)
    began = monotonic()
    answer, said = _ask(delivery)
    came = {
        "at": clock.now().isoformat(timespec="seconds"),
        "said": redact(said)[:SHOWN].replace("\0", ""),
        "seconds": round(monotonic() - began, 2),
    }
    _judge(delivery, answer, came, is_last=context.is_last)


def _wait_for_rest(delivery: WebhookDelivery) -> None:
    """Later, when it did not answer a moment ago: another delivery has found out."""
    until = delivery.endpoint.rests_until
    is_test = delivery.event == WebhookEvent.TEST
    if until is not None and until > clock.now() and not is_test:
        raise Later(until)


def _rest(delivery: WebhookDelivery, until: datetime | None) -> None:
    endpoints = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
    endpoints.update(rests_until=until)


def _judge(
    delivery: WebhookDelivery,
    answer: Answer | None,
    came: dict[str, Any],
    *,
    is_last: bool,
) -> None:
    """2xx is a yes, 410 switches the webhook off, anything else is tried again."""
    if answer is not None and 200 <= answer.status < 300:
        note(delivery, DeliveryState.DELIVERED, came)
        if delivery.endpoint.rests_until is not None:
            _rest(delivery, None)
        return
    if answer is not None and answer.status == GONE:
        _switch_off(delivery, came)
        raise GiveUp(came["said"])
    _rest(delivery, clock.now() + REST)
    if is_last:
        _give_up(delivery, came)
    else:
        note(delivery, DeliveryState.RETRYING, came)
    raise NotTaken(came["said"])


def _ask(delivery: WebhookDelivery) -> tuple[Answer | None, str]:
    """The answer, and what is kept of it; None where none came."""
    try:
        answer = _send(delivery)
    except (NoAnswer, NotAllowed) as error:
        return None, str(error)
    return answer, f"{answer.status} {answer.text}".strip()


def _send(delivery: WebhookDelivery) -> Answer:
    body = delivery.payload.encode()
    timestamp = str(int(clock.now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "partner-portal",
        "Webhook-Id": str(delivery.event_id),
        "Webhook-Timestamp": timestamp,
        "Webhook-Signature": " ".join(
            signature(secret, str(delivery.event_id), timestamp, body)
            for secret in delivery.endpoint.secrets
        ),
    }
    return post(delivery.endpoint.url, body, headers)


def signature(secret: bytes, event_id: str, timestamp: str, body: bytes) -> str:
    """As the Standard Webhooks specification has it; docs/webhooks.md shows how."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def note(
    delivery: WebhookDelivery,
    state: DeliveryState,
    came: dict[str, Any] | None = None,
) -> None:
    """What became of this attempt; the same delivery may have been told meanwhile."""
    with transaction.atomic():
        stored = WebhookDelivery.objects.select_for_update().get(pk=delivery.pk)
        if came is not None:
            stored.attempts += 1
            stored.answers = [*stored.answers, came][-ANSWERS_KEPT:]
        if stored.state != DeliveryState.DELIVERED:
            stored.state = state
        if state == DeliveryState.DELIVERED:
            stored.delivered_at = clock.now()
        stored.save(update_fields=["state", "attempts", "answers", "delivered_at"])


@transaction.atomic
def _give_up(delivery: WebhookDelivery, came: dict[str, Any]) -> None:
    note(delivery, DeliveryState.GIVEN_UP, came)
    events.webhook_failed(delivery.endpoint)


@transaction.atomic
def _switch_off(delivery: WebhookDelivery, came: dict[str, Any]) -> None:
    """Its server says that it is gone for good: the one that was asked, not a newer."""
    note(delivery, DeliveryState.GIVEN_UP, came)
    endpoint = delivery.endpoint
    rows = WebhookEndpoint.objects.filter(
        pk=endpoint.pk, url=endpoint.url, is_active=True
    )
    if rows.update(is_active=False):
        endpoint.is_active = False
        log.write(
            Operation.STOP_WEBHOOK,
            endpoint,
            actor=Actor.clock(),
            partner=endpoint.partner,
        )
        events.webhook_failed(endpoint)
