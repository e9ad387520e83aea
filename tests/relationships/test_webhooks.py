"""Events of the services, told to a partner's server over a real connection."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django_tasks import TaskResultStatus as Status

from portal.foundation import clock
from portal.jobs import running
from portal.jobs.models import Job
from relationships.actors import Actor
from relationships.enums import DeliveryState
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, WebhookDelivery
from relationships.services import endpoints, jobs, webhooks
from relationships.services.invitations import accept_invitation, decline_invitation
from relationships.services.relationships import end_relationship
from subscriptions.services import clock as moving
from subscriptions.services import lifecycle

from .. import stories
from ..jobs.web_server import redirects_to
from .support import denied, operations
from .webhooks import ALL, listen, names, only_delivery, told, work

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.real_workers,
    pytest.mark.usefixtures("webhooks_to_this_machine"),
]


def test_acceptance_is_told_with_its_customer_and_its_line_of_the_log(
    serve, agent, admin, settings
):
    server = serve(200)
    listen(agent, server, "reseller-relationship-accepted-by-customer")
    invitation = stories.signed_in_invitation(agent, admin)
    accept_invitation(invitation, actor=admin, agreed=True)
    assert server.requests == []
    work()
    [event] = told(server)
    record = ActivityRecord.objects.get(operation="accept_invitation")
    delivery = only_delivery()
    assert event == {
        "EventId": str(delivery.event_id),
        "EventName": "reseller-relationship-accepted-by-customer",
        "ResourceUri": (
            f"{settings.PUBLIC_URL}/v1/customers/{admin.customer.tenant_id}"
        ),
        "ResourceName": "customer",
        "AuditUri": f"{settings.PUBLIC_URL}/auditactivity/v1/auditrecords/{record.pk}",
        "ResourceChangeUtcDate": record.at.isoformat(),
    }
    assert (delivery.state, delivery.attempts) == ("delivered", 1)
    assert delivery.delivered_at is not None
    assert delivery.answers[0]["said"] == "200 said so"


def test_each_event_is_told_once_to_who_listens(serve, agent, admin):
    everything, some, nothing = serve(200), serve(200), serve(200)
    listen(agent, everything)
    listen(agent, some, "reseller-relationship-ended")
    listen(stories.staff(role="admin_agent"), nothing)
    relationship = stories.relationship(agent, admin)
    subscription = stories.csp_subscription(agent, admin.customer)
    lifecycle.rename(subscription, actor=agent, friendly_name="Mail")
    lifecycle.suspend(subscription, actor=agent)
    end_relationship(relationship, actor=agent, reason="Because")
    other = stories.signed_in_invitation(agent, stories.tenant())
    decline_invitation(other, actor=stories.tenant(other.customer), reason="No need")
    work()
    assert sorted(names(everything)) == [
        "invitation-accepted",
        "invitation-declined",
        "reseller-relationship-accepted-by-customer",
        "reseller-relationship-ended",
        "subscription-updated",
        "subscription-updated",
    ]
    assert names(some) == ["reseller-relationship-ended"]
    assert names(nothing) == []
    uris = {event["ResourceUri"].rpartition("/v1/")[2] for event in told(everything)}
    tenant = admin.customer.tenant_id
    assert f"customers/{tenant}/subscriptions/{subscription.pk}" in uris
    assert f"invitations/{other.pk}" in uris
    sent = str(everything.requests)
    for personal in (other.recipient_email or "@", "No need", "Because", "Mail"):
        assert personal not in sent


def test_renewals_of_a_batch_are_told_each_to_its_own_partner(serve, agent, admin):
    own, foreign = serve(200), serve(200)
    other = stories.staff(role="admin_agent")
    listen(agent, own, "subscription-updated")
    listen(other, foreign, "subscription-updated")
    stories.relationship(agent, admin)
    stories.relationship(other, elsewhere := stories.tenant())
    rows = [stories.csp_subscription(agent, admin.customer) for _row in range(2)]
    rows.append(stories.csp_subscription(other, elsewhere.customer))
    end = max(row.commitment_ends_at for row in rows)
    with clock.at(end):
        moving.run(actor=Actor.clock())
    work()
    told_of = [
        {event["ResourceUri"].rpartition("/")[2] for event in told(server)}
        for server in (own, foreign)
    ]
    assert told_of == [{str(row.pk) for row in rows[:2]}, {str(rows[2].pk)}]
    assert len(own.requests) + len(foreign.requests) == 3


def test_same_event_has_the_same_id_for_each_who_listens(serve, agent, admin):
    servers = [serve(200), serve(200)]
    for server in servers:
        listen(agent, server, "invitation-accepted")
    stories.relationship(agent, admin)
    work()
    [first], [second] = told(servers[0]), told(servers[1])
    assert first == second


def test_nothing_is_told_when_its_cause_rolls_back(serve, agent, admin):
    server = serve(200)
    listen(agent, server)
    with transaction.atomic():
        stories.relationship(agent, admin)
        transaction.set_rollback(True)
    work()
    assert server.requests == []
    assert not WebhookDelivery.objects.exists()


def test_signature_proves_the_secret_over_id_time_and_text(serve, agent, settings):
    settings.LINK_KEYS = ["new" * 20, "old" * 20]
    server = serve(200)
    endpoint = listen(agent, server)
    settings.LINK_KEYS = ["newest" * 10, *settings.LINK_KEYS]
    endpoints.send_test(endpoint, actor=agent)
    work()
    [(_path, headers, body)] = server.requests
    secret = base64.b64decode(endpoint.secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest())
    signatures = headers["webhook-signature"].split()
    assert f"v1,{digest.decode()}" in signatures
    assert len(set(signatures)) == 3  # one for each key that still holds
    assert headers["content-type"] == "application/json"
    age = clock.now().timestamp() - int(headers["webhook-timestamp"])
    assert 0 <= age < 60


@pytest.mark.parametrize("answer", [500, 404, 302, b"garbage\r\n\r\n"])
def test_delivery_is_tried_again_after_growing_pauses_with_one_id(serve, agent, answer):
    server = serve(answer, answer, 204)
    endpoints.send_test(listen(agent, server), actor=agent)
    for attempts, state in ((1, "retrying"), (2, "retrying"), (3, "delivered")):
        work()
        assert (only_delivery().attempts, only_delivery().state) == (attempts, state)
    assert len({headers["webhook-id"] for _p, headers, _b in server.requests}) == 1
    assert len({body for _p, _h, body in server.requests}) == 1
    assert list(webhooks.PAUSES) == sorted(set(webhooks.PAUSES))


def test_job_waits_for_its_pause_when_the_server_did_not_take_it(serve, agent):
    endpoints.send_test(listen(agent, serve(503)), actor=agent)
    running.run_waiting("test")
    job = Job.objects.get(task_path=webhooks.deliver.module_path)
    assert job.waits_for_next_attempt
    assert timedelta(0) < job.run_after - clock.now() <= webhooks.PAUSES[0]
    assert job.reason == "NotTaken: 503 said so"


def test_delivery_is_given_up_after_the_last_attempt_and_sent_again_by_hand(
    serve, agent
):
    server = serve(*[500] * webhooks.deliver.attempts, 200)
    endpoint = listen(agent, server)
    endpoints.send_test(endpoint, actor=agent)
    for _number in range(webhooks.deliver.attempts):
        work()
    assert only_delivery().state == "given_up"
    with operations() as done:
        endpoints.send_again(only_delivery(), actor=agent)
    assert done == ["resend_webhook"]
    with denied(TransitionNotAllowed):
        endpoints.send_again(only_delivery(), actor=agent)
    work()
    assert only_delivery().state == "delivered"
    endpoints.send_again(only_delivery(), actor=agent)
    work()
    assert len({headers["webhook-id"] for _p, headers, _b in server.requests}) == 1
    assert len(server.requests) == webhooks.deliver.attempts + 2


def test_answers_are_kept_up_to_a_number_and_clipped(serve, agent, settings):
    server = serve(b"HTTP/1.1 200 OK\r\n\r\ntoken=hunter2&x\0" + b"y" * 5000)
    endpoints.send_test(listen(agent, server), actor=agent)
    for _number in range(webhooks.ANSWERS_KEPT + 1):
        work()
        endpoints.send_again(only_delivery(), actor=agent)
    delivery = only_delivery()
    assert len(delivery.answers) == webhooks.ANSWERS_KEPT
    assert delivery.attempts == webhooks.ANSWERS_KEPT + 1
    said = delivery.answers[0]["said"]
    assert "hunter2" not in said
    assert len(said) == webhooks.SHOWN - 1  # the NUL, which PostgreSQL refuses, is out
    assert datetime.fromisoformat(delivery.answers[0]["at"])


def test_webhook_is_switched_off_when_its_server_is_gone_for_good(serve, agent, admin):
    server = serve(410)
    endpoint = listen(agent, server)
    endpoints.send_test(endpoint, actor=agent)
    work()
    endpoint.refresh_from_db()
    assert (endpoint.is_active, only_delivery().state) == (False, "given_up")
    record = ActivityRecord.objects.get(operation="stop_webhook")
    assert (record.partner, record.actor_role) == (agent.partner, "clock")
    stories.relationship(agent, admin)
    work()
    assert len(server.requests) == 1
    with denied(TransitionNotAllowed):
        endpoints.send_again(only_delivery(), actor=agent)


def test_redirect_leads_nowhere(serve, agent):
    inner = serve(200)
    outer = serve(redirects_to(inner.url("/secret")))
    endpoints.send_test(listen(agent, outer), actor=agent)
    work()
    assert inner.requests == []
    assert only_delivery().answers[0]["said"] == "307"


def test_nothing_is_sent_when_the_name_leads_into_a_private_network(agent, settings):
    settings.WEBHOOKS_TO_LOOPBACK = False
    endpoint = endpoints.add_endpoint(
        actor=agent, url="https://localhost/events", events=ALL
    )
    endpoints.send_test(endpoint, actor=agent)
    work()
    assert "not the Internet" in only_delivery().answers[0]["said"]


def test_delivery_that_is_delivered_is_not_sent_by_an_old_job(serve, agent):
    server = serve(200)
    endpoints.send_test(listen(agent, server), actor=agent)
    work()
    webhooks.deliver.enqueue(str(only_delivery().pk))
    work()
    assert len(server.requests) == 1


def test_delivery_stays_delivered_when_a_slower_attempt_of_it_fails(serve, agent):
    endpoints.send_test(listen(agent, serve(200)), actor=agent)
    slow = only_delivery()
    work()
    came = {"at": clock.now().isoformat(), "said": "503", "seconds": 9}
    webhooks.note(slow, DeliveryState.RETRYING, came)
    stored = only_delivery()
    assert (stored.state, stored.attempts) == (DeliveryState.DELIVERED, 2)
    assert stored.answers[-1] == came


def test_job_gives_up_when_its_delivery_is_not_there_and_the_operator_sees_it():
    webhooks.deliver.enqueue("00000000-0000-0000-0000-000000000001")
    work()
    job = Job.objects.get()
    assert (job.status, job.reason) == (
        Status.FAILED,
        "This delivery is not there any more.",
    )
    with operations() as done:
        jobs.run_again(job, actor=stories.operator())
    assert done == ["run_job_again"]


def test_example_of_the_document_knows_what_is_genuine(serve, agent):
    document = Path(settings.BASE_DIR, "docs", "webhooks.md").read_text()
    example = document.partition("```python\n")[2].partition("```")[0]
    names = {}
    exec(example, names)
    server = serve(200)
    endpoint = listen(agent, server)
    endpoints.send_test(endpoint, actor=agent)
    work()
    [(_path, headers, body)] = server.requests
    is_genuine = names["is_genuine"]
    assert is_genuine(endpoint.secret, headers, body)
    assert not is_genuine(endpoint.secret, headers, body + b" ")
    old = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)}
    assert not is_genuine(endpoint.secret, old, body)
    endpoints.renew_secret(endpoint, actor=agent)
    renewed = type(endpoint).objects.get()
    assert not is_genuine(renewed.secret, headers, body)
