"""A server that does not answer is asked now and then, whatever waits for it."""

from datetime import timedelta

import pytest
from django_tasks import TaskResultStatus as Status

from portal.jobs import running
from portal.jobs.models import NO_DELAY, Job
from relationships.enums import EmailStatus
from relationships.models import OutgoingEmail, WebhookDelivery, WebhookEndpoint
from relationships.services import endpoints, mail, webhooks
from subscriptions.services import lifecycle

from .. import stories

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

MANY = 8


@pytest.fixture(autouse=True)
def _to_this_machine(settings):
    settings.WEBHOOKS_TO_LOOPBACK = True


def work():
    running.run_waiting("test")


def pauses_are_over():
    Job.objects.filter(status=Status.READY).update(run_after=NO_DELAY)
    WebhookEndpoint.objects.update(rests_until=None)


@pytest.fixture
def listen(agent):
    def start(server):
        return endpoints.add_endpoint(
            actor=agent, url=server.url(), events=["subscription-updated"]
        )

    return start


@pytest.fixture
def csp(agent):
    customer = stories.tenant()
    stories.relationship(agent, customer)
    return stories.csp_subscription(agent, customer.customer)


def cause(csp, agent):
    for number in range(MANY):
        lifecycle.rename(csp, actor=agent, friendly_name=f"Mail {number}")


def test_many_deliveries_wait_and_an_email_does_not_when_a_server_is_down(
    serve, listen, agent, csp
):
    server = serve(500)
    endpoint = listen(server)
    work()
    cause(csp, agent)
    email = mail.enqueue("ann@contoso.example", "Hello", "Text")
    work()
    assert len(server.requests) == 1
    assert OutgoingEmail.objects.get(pk=email.pk).status == EmailStatus.SENT
    endpoint.refresh_from_db()
    told = Job.objects.filter(task_path=webhooks.deliver.module_path)
    waiting = told.filter(attempt=0, status=Status.READY)
    assert waiting.count() == MANY - 1
    assert {job.run_after for job in waiting} == {endpoint.rests_until}
    states = WebhookDelivery.objects.filter(state="queued")
    assert states.count() == MANY - 1
    sent = Job.objects.get(
        task_path=mail.deliver.module_path, args_kwargs__args=[email.pk]
    )
    assert sent.finished_at < told.get(attempt=1).started_at


def test_all_are_delivered_when_the_server_is_there_again(serve, listen, agent, csp):
    server = serve(500, 200)
    endpoint = listen(server)
    cause(csp, agent)
    work()
    assert len(server.requests) == 1
    pauses_are_over()
    work()
    assert len(server.requests) == MANY + 1
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"delivered"}
    endpoint.refresh_from_db()
    assert endpoint.rests_until is None


def test_rest_ends_with_the_first_delivery_that_is_taken(serve, listen, agent):
    endpoint = listen(serve(500, 200))
    delivery = endpoints.send_test(endpoint, actor=agent)
    work()
    endpoint.refresh_from_db()
    assert endpoint.rests_until is not None
    WebhookDelivery.objects.update(queued_at=delivery.queued_at - timedelta(hours=1))
    endpoints.send_test(endpoint, actor=agent)  # a test waits for nothing
    work()
    endpoint.refresh_from_db()
    assert endpoint.rests_until is None


def test_rest_ends_when_the_address_is_changed(serve, listen, agent):
    endpoint = listen(serve(500))
    endpoints.send_test(endpoint, actor=agent)
    work()
    changed = endpoints.change_endpoint(
        endpoint,
        actor=agent,
        url=serve(200).url(),
        events=endpoint.events,
        is_active=True,
    )
    assert WebhookEndpoint.objects.get(pk=changed.pk).rests_until is None


def test_delivery_is_told_once_when_it_is_sent_again_while_it_waits(
    serve, listen, agent, csp
):
    server = serve(500, 200)
    listen(server)
    lifecycle.rename(csp, actor=agent, friendly_name="Mail")
    work()
    delivery = WebhookDelivery.objects.get()
    assert delivery.state == "retrying"
    endpoints.send_again(delivery, actor=agent)
    pauses_are_over()
    work()
    assert len(server.requests) == 2
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 2)
    told = Job.objects.filter(task_path=webhooks.deliver.module_path)
    assert set(told.values_list("status", flat=True)) == {Status.SUCCESSFUL}


def test_job_of_before_does_nothing_when_the_one_after_it_has_failed_too(
    serve, listen, agent, csp
):
    server = serve(500)
    listen(server)
    lifecycle.rename(csp, actor=agent, friendly_name="Mail")
    work()
    endpoints.send_again(WebhookDelivery.objects.get(), actor=agent)
    work()
    assert len(server.requests) == 2
    pauses_are_over()
    work()
    assert len(server.requests) == 3
    assert Job.objects.filter(
        task_path=webhooks.deliver.module_path, status=Status.SUCCESSFUL
    ).exists()
