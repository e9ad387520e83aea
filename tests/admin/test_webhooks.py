"""A partner's own page for its webhooks, and the log of what they were told."""

import json

import pytest

from portal.jobs import running
from relationships.models import WebhookDelivery, WebhookEndpoint

from .. import stories
from ..jobs.web_server import WebServer
from .office import desk, everything, list_url, messages, text, url

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

ADDRESS = "https://hooks.contoso.example/portal"
FORM = {"url": ADDRESS, "events": ["invitation-accepted"], "_save": "Save"}


def add(client, **values):
    address = list_url(WebhookEndpoint, "add")
    return client.post(address, {**FORM, **values}, follow=True)


@pytest.fixture
def added(office, sales):
    add(sales)
    return WebhookEndpoint.objects.get(url=ADDRESS)


def test_webhook_is_added_and_its_secret_is_shown_once(office, sales):
    answer = add(sales)
    endpoint = WebhookEndpoint.objects.get(url=ADDRESS)
    assert endpoint.partner == office.partner
    assert endpoint.events == ["invitation-accepted"]
    assert f"<code>{endpoint.secret}</code>" in text(answer)
    page = text(sales.get(url(endpoint)))
    assert endpoint.secret not in page
    assert endpoint.secret not in str(everything())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"url": "http://contoso.example/"}, "begin with https://"),
        ({"url": "https://10.0.0.1/"}, "not the Internet"),
        ({"events": []}, "This field is required."),
    ],
)
def test_webhook_is_refused_beside_the_field_when_it_makes_no_sense(
    sales, values, said
):
    before = everything()
    assert said in text(add(sales, **values))
    assert everything() == before


def test_second_click_adds_nothing_and_says_so(sales, added):
    before = everything()
    assert "This address is told already." in text(add(sales))
    assert everything() == before


def test_webhook_is_changed_and_switched_off(sales, added):
    data = {"url": f"{ADDRESS}/new", "events": ["invitation-declined"]}
    sales.post(url(added), {**data, "_save": "Save"})
    added.refresh_from_db()
    assert (added.url, added.is_active) == (f"{ADDRESS}/new", False)
    record = everything()["relationships.ActivityRecord"][-1]
    assert record["operation"] == "change_webhook"
    assert record["new_value"] == {"fields": ["events", "is_active", "url"]}


def test_secret_is_renewed_once_by_two_clicks(sales, added):
    page = url(added, "renew-secret")
    answer = sales.post(page, {"stamp": "1"}, follow=True)
    endpoint = WebhookEndpoint.objects.get(pk=added.pk)
    assert endpoint.secret in text(answer)
    answer = sales.post(page, {"stamp": "1"}, follow=True)
    assert endpoint.secret not in text(answer)
    endpoint.refresh_from_db()
    assert endpoint.secret_generation == 2


def test_test_is_sent_and_the_log_shows_what_came(office, sales, settings):
    settings.WEBHOOKS_TO_LOOPBACK = True
    server = WebServer(500, 200)
    add(sales, url=server.url())
    endpoint = WebhookEndpoint.objects.get(url=server.url())
    try:
        answer = sales.post(url(endpoint, "test"), follow=True)
        assert "on its way" in messages(answer)[0]
        assert "A test was sent a moment ago." in text(
            sales.post(url(endpoint, "test"))
        )
        running.run_waiting("test")
        delivery = endpoint.deliveries.get()
        log = list_url(WebhookDelivery)
        page = text(sales.get(f"{log}?webhook={endpoint.pk}"))
        assert "500 said so" in page
        assert WebhookDelivery.objects.count() > 1  # the office has one of its own
        assert page.count("said so") == 1
        assert "500 said so" in text(sales.get(f"{log}?webhook=unknown"))
        assert "Not taken yet" in page
        sales.post(url(delivery, "send-again"))
        running.run_waiting("test")
        page = text(sales.get(url(delivery)))
        assert "200 said so" in page
        assert "test-created" in page
        assert "Delivered" in text(sales.get(list_url(WebhookEndpoint)))
    finally:
        server.stop()
    [first, second] = [json.loads(body) for _path, _headers, body in server.requests]
    assert first == second


def test_sending_again_is_refused_while_it_waits(sales, added):
    sales.post(url(added, "test"))
    delivery = added.deliveries.get()
    before = everything()
    answer = sales.post(url(delivery, "send-again"))
    assert answer.status_code == 200
    assert "It waits to be sent already." in text(answer)
    assert everything() == before


def test_operator_looks_and_does_nothing(operator, added):
    page = text(operator.get(url(added)))
    assert ADDRESS in page
    assert "Invitation accepted" in page
    assert "Send a test" not in page
    for name in ("test", "renew-secret"):
        assert operator.post(url(added, name)).status_code == 403


def test_sales_agents_do_not_see_them(office, added):
    client = desk(office.actor("sales_agent"))
    assert client.get(list_url(WebhookEndpoint)).status_code == 403
    stranger = desk(stories.staff(role="admin_agent"))
    assert stranger.get(url(added)).status_code == 404
