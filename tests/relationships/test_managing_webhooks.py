"""Who adds webhooks, changes them and sees them."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from portal.foundation import clock
from portal.jobs.models import Job
from relationships.actors import Actor
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, WebhookDelivery
from relationships.services import endpoints

from .. import stories
from ..factories import StaffMembershipFactory
from .support import denied, operations, refused
from .webhooks import ALL, listen, only_delivery, work

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.real_workers,
    pytest.mark.usefixtures("webhooks_to_this_machine"),
]


def test_secret_is_another_one_when_it_was_renewed(serve, agent):
    endpoint = listen(agent, serve(200))
    with operations() as done:
        renewed = endpoints.renew_secret(endpoint, actor=agent)
    assert renewed.secret != endpoint.secret
    assert not set(renewed.secrets) & set(endpoint.secrets)
    assert done == ["renew_webhook_secret"]


def test_what_waits_is_given_up_when_the_webhook_is_switched_off(serve, agent, admin):
    server = serve(200)
    endpoint = listen(agent, server)
    stories.relationship(agent, admin)
    with operations() as done:
        endpoints.change_endpoint(
            endpoint, actor=agent, url=server.url(), events=ALL, is_active=False
        )
    work()
    assert server.requests == []
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"given_up"}
    assert done == ["change_webhook"]
    record = ActivityRecord.objects.get(operation="change_webhook")
    assert record.new_value == {"fields": ["is_active"]}
    job = Job.objects.failed().first()
    assert job.reason == "The webhook is switched off."


def test_nothing_is_written_when_nothing_of_it_changes(serve, agent):
    endpoint = listen(agent, serve(200))
    with operations() as done:
        endpoints.change_endpoint(
            endpoint, actor=agent, url=endpoint.url, events=ALL, is_active=True
        )
    assert done == []


def test_test_is_refused_when_one_was_sent_a_moment_ago(serve, agent):
    endpoint = listen(agent, serve(200))
    endpoints.send_test(endpoint, actor=agent)
    with denied(TransitionNotAllowed):
        endpoints.send_test(endpoint, actor=agent)
    with clock.at(clock.now() + endpoints.BETWEEN_TESTS):
        endpoints.send_test(endpoint, actor=agent)
    assert WebhookDelivery.objects.count() == 2


@pytest.mark.parametrize(
    ("url", "events", "code"),
    [
        ("http://10.0.0.1/", ALL, "webhook_address"),
        ("https://ann@contoso.example/", ALL, "webhook_address"),
        ("https://contoso", ALL, "invalid"),
        ("https://contoso.example/", [], "blank"),
        ("https://contoso.example/", ["test-created"], "webhook_events"),
        ("https://contoso.example/", ["unheard-of"], "webhook_events"),
    ],
)
def test_webhook_is_refused_when_it_makes_no_sense(agent, settings, url, events, code):
    settings.WEBHOOKS_TO_LOOPBACK = False
    with refused(code):
        endpoints.add_endpoint(actor=agent, url=url, events=events)


def test_address_is_added_once_for_each_partner(serve, agent):
    server = serve(200)
    endpoint = listen(agent, server)
    assert str(endpoint) == server.url()
    with pytest.raises(ValidationError):
        listen(agent, server)
    listen(stories.staff(role="admin_agent"), server)


@pytest.mark.parametrize("role", ["sales_agent", "report_viewer"])
def test_webhooks_are_refused_to_whoever_does_not_manage_them(serve, agent, role):
    endpoint = listen(agent, serve(200))
    endpoints.send_test(endpoint, actor=agent)
    work()
    membership = StaffMembershipFactory(partner=agent.partner, role=role)
    others = [
        Actor.staff(membership),
        stories.staff(role="admin_agent"),
        stories.operator(),
    ]
    values = {"url": endpoint.url, "events": ["invitation-declined"]}
    for other in others:
        with denied(PermissionDenied):
            endpoints.change_endpoint(endpoint, actor=other, is_active=True, **values)
        with denied(PermissionDenied):
            endpoints.renew_secret(endpoint, actor=other)
        with denied(PermissionDenied):
            endpoints.send_test(endpoint, actor=other)
        with denied(PermissionDenied):
            endpoints.send_again(only_delivery(), actor=other)
    for other in (others[0], others[2]):
        with denied(PermissionDenied):
            endpoints.add_endpoint(actor=other, **values)


def test_customers_see_nothing_of_webhooks(serve, agent, admin):
    endpoint = listen(agent, serve(200))
    stories.relationship(agent, admin)
    model = type(endpoint)
    assert list(model.objects.visible_to(agent)) == [endpoint]
    assert WebhookDelivery.objects.visible_to(agent).count() == 2
    for other in (admin, stories.staff(role="admin_agent")):
        assert not model.objects.visible_to(other).exists()
        assert not WebhookDelivery.objects.visible_to(other).exists()
