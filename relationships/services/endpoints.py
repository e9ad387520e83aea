"""What a partner's admin agents do to its webhooks.

All raise PermissionDenied for a missing right, ValidationError for an address that
nothing is sent to, and TransitionNotAllowed for what has just been done.
"""

import uuid
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock

from ..actors import Actor
from ..enums import DeliveryState, Operation, WebhookEvent
from ..exceptions import TransitionNotAllowed
from ..models import WebhookDelivery, WebhookEndpoint
from ..roles import Action
from . import webhooks
from .activity import record

BETWEEN_TESTS = timedelta(seconds=30)


@transaction.atomic
def add_endpoint(
    *, actor: Actor, url: str, events: list[str], id: uuid.UUID | None = None
) -> WebhookEndpoint:
    actor.require(Action.MANAGE_WEBHOOKS)
    assert actor.partner is not None  # only staff manages webhooks
    endpoint = WebhookEndpoint.objects.create(
        id=id or uuid.uuid4(),
        partner=actor.partner,
        url=url.strip(),
        events=sorted(events),
    )
    _tell(Operation.ADD_WEBHOOK, endpoint, actor=actor)
    return endpoint


@transaction.atomic
def change_endpoint(
    endpoint: WebhookEndpoint,
    *,
    actor: Actor,
    url: str,
    events: list[str],
    is_active: bool,
) -> WebhookEndpoint:
    endpoint = _locked(endpoint, actor)
    values = {"url": url.strip(), "events": sorted(events), "is_active": is_active}
    changed = sorted(
        name for name, value in values.items() if getattr(endpoint, name) != value
    )
    if changed:
        for name in changed:
            setattr(endpoint, name, values[name])
        endpoint.rests_until = None
        endpoint.save()
        _tell(Operation.CHANGE_WEBHOOK, endpoint, actor=actor, fields=changed)
    return endpoint


@transaction.atomic
def renew_secret(endpoint: WebhookEndpoint, *, actor: Actor) -> WebhookEndpoint:
    """What is sent from now on is signed with a new secret alone."""
    endpoint = _locked(endpoint, actor)
    endpoint.secret_generation += 1
    endpoint.save(update_fields=["secret_generation"])
    _tell(Operation.RENEW_WEBHOOK_SECRET, endpoint, actor=actor)
    return endpoint


@transaction.atomic
def send_test(endpoint: WebhookEndpoint, *, actor: Actor) -> WebhookDelivery:
    """TransitionNotAllowed when one was sent a moment ago."""
    endpoint = _locked(endpoint, actor)
    tests = endpoint.deliveries.filter(event=WebhookEvent.TEST)
    if tests.filter(queued_at__gt=clock.now() - BETWEEN_TESTS).exists():
        raise TransitionNotAllowed(
            _("A test was sent a moment ago. Wait half a minute for the next one.")
        )
    _tell(Operation.TEST_WEBHOOK, endpoint, actor=actor)
    return webhooks.enqueue_test(endpoint)


@transaction.atomic
def send_again(delivery: WebhookDelivery, *, actor: Actor) -> WebhookDelivery:
    """The same event with the same id, also where it was delivered."""
    delivery = (
        WebhookDelivery.objects.select_related("endpoint__partner")
        .select_for_update(of=("self",))
        .get(pk=delivery.pk)
    )
    actor.require(Action.MANAGE_WEBHOOKS, delivery)
    if not delivery.endpoint.is_active:
        raise TransitionNotAllowed(_("Switch the webhook on first."))
    if delivery.state == DeliveryState.QUEUED:
        raise TransitionNotAllowed(_("It waits to be sent already."))
    webhooks.enqueue_again(delivery)
    record(
        Operation.RESEND_WEBHOOK,
        delivery,
        actor=actor,
        partner=delivery.endpoint.partner,
    )
    return delivery


def _locked(endpoint: WebhookEndpoint, actor: Actor) -> WebhookEndpoint:
    rows = WebhookEndpoint.objects.select_related("partner")
    endpoint = rows.select_for_update(of=("self",)).get(pk=endpoint.pk)
    actor.require(Action.MANAGE_WEBHOOKS, endpoint)
    return endpoint


def _tell(
    operation: Operation,
    endpoint: WebhookEndpoint,
    *,
    actor: Actor,
    fields: list[str] | None = None,
) -> None:
    record(
        operation,
        endpoint,
        actor=actor,
        partner=endpoint.partner,
        new={"fields": fields} if fields else None,
    )
