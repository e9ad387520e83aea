"""A worker that is killed while it tells a webhook, or verifies fingerprints."""

import json

import pytest
from django_tasks import TaskResultStatus as Status

from portal.jobs.models import Job
from relationships.models import WebhookDelivery
from relationships.services import endpoints
from subscriptions.jobs import verify_existing
from subscriptions.models import LastVerification

from .. import stories
from .web_server import WebServer, says_nothing
from .workers import eventually, jobs_are_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_workers]

COUNT = 60


def test_webhook_is_told_the_same_event_again_when_its_worker_is_killed(
    workers, settings
):
    settings.WEBHOOKS_TO_LOOPBACK = True
    server = WebServer(says_nothing, 200)
    agent = stories.staff(role="admin_agent")
    endpoint = endpoints.add_endpoint(
        actor=agent, url=server.url(), events=["invitation-accepted"]
    )
    endpoints.send_test(endpoint, actor=agent)
    first = workers.start(WEBHOOKS_TO_LOOPBACK="on")
    first.kill_when(server.came)
    workers.start(WEBHOOKS_TO_LOOPBACK="on")
    eventually(jobs_are_over)
    server.stop()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("delivered", 1)
    ids = [json.loads(body)["EventId"] for _path, _headers, body in server.requests]
    assert ids == [str(delivery.event_id)] * 2


def test_every_fingerprint_is_verified_when_the_worker_is_killed(workers):
    sales = stories.staff()
    for _number in range(COUNT):
        admin = stories.tenant()
        stories.observation(admin.customer)
        stories.relationship(sales, admin)
    Job.objects.all().delete()
    verify_existing.enqueue()
    first = workers.start()
    eventually(Job.objects.filter(status=Status.RUNNING).exists)
    first.kill()
    assert LastVerification.objects.count() < COUNT
    workers.start()
    eventually(jobs_are_over)
    results = LastVerification.objects.values_list("result", flat=True)
    assert list(results) == ["unchanged"] * COUNT
    assert Job.objects.get().attempt >= 2
