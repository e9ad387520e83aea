"""Partners' servers that listen, and what they were told."""

import json

from django_tasks import TaskResultStatus as Status

from portal.jobs import running
from portal.jobs.models import NO_DELAY, Job
from relationships.models import WebhookDelivery
from relationships.services import endpoints

ALL = [
    "reseller-relationship-accepted-by-customer",
    "reseller-relationship-ended",
    "invitation-accepted",
    "invitation-declined",
    "subscription-updated",
]


def listen(agent, server, *events):
    return endpoints.add_endpoint(
        actor=agent, url=server.url(), events=list(events or ALL)
    )


def work():
    """What a worker does now, as if every pause were over."""
    Job.objects.filter(status=Status.READY).update(run_after=NO_DELAY)
    running.run_waiting("test")


def told(server):
    return [json.loads(body) for _path, _headers, body in server.requests]


def names(server):
    return [event["EventName"] for event in told(server)]


def only_delivery():
    return WebhookDelivery.objects.get()
