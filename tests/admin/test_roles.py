"""What each role finds in the back office, as `relationships.roles` grants it."""

from typing import Any

import pytest
from django.contrib import admin

from relationships.enums import StaffRole
from relationships.services.relationships import end_relationship
from relationships.services.tenants import correct_customer
from subscriptions.services import lifecycle

from .. import stories
from ..factories import AdvisorFactory
from .office import PRICE, Office, desk, everything, list_url, text, url
from .pages import OF_LISTS, OF_ROWS, TRANSITIONS, VIEW, app_urls, site_urls

pytestmark = pytest.mark.django_db

# Names, addresses and words of people, by the page of `open_office` they come from.
PERSONAL = (
    "Zebrano Agent",
    "Zebrano Administrator",
    "zebrano.agent@people.example",
    "zebrano.administrator@people.example",
    "boss@zebrano-mail.example",
    "it@zebrano-other.example",
    "Zebrano Contact",
    "contact@zebrano-contact.example",
    "Zebrano 555",
    "Zebrano asks",
)
PRICES = (PRICE, "2,086.75", "2086.75")  # of a seat, and of the five that were ordered

# The subscription is active, renews, and nothing is scheduled; the person is not locked
# and has no second factor.
NOT_NOW = {
    *("columns", "start"),  # of an import that is recorded
    "go-on",  # of a list that is done
    "take-back",  # of what somebody else asked for
    "attest",  # the agreement is accepted
    "reactivate",
    "renew-on",
    "unschedule",
    "lift-lock",
    "remove-second-factor",
}


def all_urls(office: Office) -> list[str]:
    rows = [office.rows[name] for name in VIEW]
    return [
        *site_urls(),
        *app_urls(),
        *(list_url(row, page) for row in rows for page in OF_LISTS),
        *(url(row, page) for row in rows for page in OF_ROWS),
        *(url(office.rows[model], page) for model, page in TRANSITIONS),
        url(office.customer) + "?edit=1",
    ]


def found(client: Any, addresses: list[str], words: tuple[str, ...]) -> Any:
    """Which of these words stand on which of these pages."""
    pages = {address: text(client.get(address)) for address in addresses}
    return [
        (address, word)
        for address, page in pages.items()
        for word in words
        if word in page
    ]


@pytest.mark.parametrize("role", [*StaffRole.values, "operator"])
def test_lists_and_pages_open_by_the_right_to_see_them(office, role):
    is_operator = role == "operator"
    actor = stories.operator() if is_operator else office.actor(role)
    client = desk(actor)
    index = text(client.get("/admin/"))
    for name, action in VIEW.items():
        row = office.rows[name]
        is_granted = actor.may(action)
        assert (client.get(list_url(row)).status_code == 200) == is_granted, name
        assert (client.get(url(row)).status_code == 200) == is_granted, name
        assert (f'"{list_url(row)}"' in index) == is_granted, name


@pytest.mark.parametrize("role", [*StaffRole.values, "operator"])
def test_confirm_pages_and_buttons_follow_the_table(office, role):
    actor = stories.operator() if role == "operator" else office.actor(role)
    client = desk(actor)
    before = everything()
    for (model, page), action in TRANSITIONS.items():
        row = office.rows[model]
        status = client.get(url(row, page)).status_code
        assert (status == 200) == actor.may(action), (model, page)
        is_shown = url(row, page) in _with_links(client, row)
        is_possible = page not in NOT_NOW
        assert is_shown == (actor.may(action) and is_possible), (model, page)
    assert everything() == before


def _with_links(client: Any, row: Any) -> str:
    """The page, with the addresses that are written from where it is made whole."""
    here = url(row).removesuffix("change/")
    return text(client.get(url(row))).replace('href="../', f'href="{here}')


@pytest.mark.parametrize("role", StaffRole.values)
def test_history_is_for_roles_that_see_activity(office, role):
    actor = office.actor(role)
    client = desk(actor)
    sees_activity = role != StaffRole.REPORT_VIEWER
    for name in ("customer", "resellerrelationship", "cspsubscription", "product"):
        row = office.rows[name]
        assert (client.get(url(row, "history")).status_code == 200) == sees_activity
        assert ("/history/" in text(client.get(url(row)))) == sees_activity, name


def test_report_viewer_sees_no_personal_data_and_no_prices(office, sales):
    correct_customer(office.customer, actor=office.staff, contact_phone="Zebrano 555")
    addresses = all_urls(office)
    client = desk(office.actor("report_viewer"))
    assert found(client, addresses, PERSONAL + PRICES) == []
    # Whoever may see them finds each of them somewhere.
    seen = {word for _address, word in found(sales, addresses, PERSONAL + PRICES)}
    operator = desk(stories.operator())
    seen |= {word for _address, word in found(operator, addresses, PERSONAL)}
    assert seen == {*PERSONAL, *PRICES}


def test_helpdesk_sees_people_and_no_prices(office):
    client = desk(office.actor("helpdesk_agent"))
    rows = [office.rows[name] for name in ("customer", "offer", "order", "invitation")]
    addresses = [address for row in rows for address in (list_url(row), url(row))]
    assert found(client, addresses, PRICES) == []
    assert found(client, addresses, ("boss@zebrano-mail.example",))


@pytest.mark.parametrize("name", ["unit_price", "contact_email", "primary_domain"])
def test_lists_are_not_filtered_by_columns_that_are_hidden(office, name):
    client = desk(office.actor("report_viewer"))
    model = "offer" if name == "unit_price" else "customer"
    address = list_url(office.rows[model])
    assert client.get(address, {f"{name}__gte": "0"}).status_code == 400


def test_lists_are_filtered_by_their_own_filters(office, sales):
    for name, query in [
        ("customer", {"relationship": "active"}),
        ("offer", {"term__exact": "P1Y"}),
        ("activityrecord", {"at__gte": "2020-01-01T00:00:00+00:00"}),
    ]:
        answer = sales.get(list_url(office.rows[name]), query)
        assert answer.status_code == 200, name
        assert answer.context["cl"].result_count > 0, name


def test_customers_are_not_sorted_by_a_domain_that_is_hidden(office, sales):
    visitor = stories.tenant()
    stories.signed_in_invitation(office.staff, visitor)
    cl = sales.get(list_url(office.customer), {"o": "2"}).context["cl"]
    assert cl.queryset.query.order_by[0] == "shown_domain"
    shown = {row.pk: row.shown_domain for row in cl.result_list}
    assert shown == {
        office.customer.pk: "zebrano-customer.example",
        visitor.customer.pk: None,
    }


def test_helpdesk_gets_no_add_links_and_no_actions(office):
    client = desk(office.actor("helpdesk_agent"))
    page = client.get(list_url(office.invitation))
    assert page.context["cl"].result_count > 0
    assert page.context["action_form"] is None
    assert "/add/" not in text(page)
    assert "/add/" not in text(client.get(list_url(office.customer)))


def test_quick_links_begin_with_step_one_where_the_role_invites(office, operator):
    def links(client: Any) -> list[str]:
        return [link["label"] for link in client.get("/admin/").context["quick_links"]]

    assert links(desk(office.staff)) == [
        "Request reseller relationship",
        "Copy partner link",
        "Add customer",
        "Customers",
    ]
    assert links(desk(office.actor("helpdesk_agent"))) == ["Customers"]
    assert links(operator) == [
        "Customers",
        "Import existing subscriptions",
        "Add partner",
        "Add person",
    ]


def test_advisor_neither_invites_nor_adds_customers(advisor):
    client = desk(advisor)
    assert [link["label"] for link in client.get("/admin/").context["quick_links"]] == [
        "Customers"
    ]
    before = everything()
    for name in (
        "request-reseller-relationship",
        "partner-link/renew",
        "partner-link/stop",
        "relationships/customer/add",
    ):
        assert client.get(f"/admin/{name}/").status_code == 403, name
        assert client.post(f"/admin/{name}/").status_code == 403, name
    assert everything() == before


@pytest.fixture
def advisor() -> Any:
    return stories.staff(AdvisorFactory(), "admin_agent")


def test_front_page_shows_what_waits_for_staff(office, sales):
    page = text(sales.get("/admin/"))
    assert "Asks for a new link" in page
    assert "it@zebrano-other.example" in page
    assert "Case opened" in page
    viewer = text(desk(office.actor("report_viewer")).get("/admin/"))
    assert "Asks for a new link" not in viewer
    assert "Recent activity" not in viewer


def test_no_groups_of_django_are_offered(operator):
    assert "auth" not in {model._meta.app_label for model in admin.site._registry}
    assert operator.get("/admin/auth/group/").status_code == 404


def test_buttons_are_gone_when_the_relationship_has_ended(office, sales):
    lifecycle.suspend(office.cspsubscription, actor=office.staff)
    end_relationship(office.resellerrelationship, actor=office.staff, reason="Done")
    before = everything()
    page = _with_links(sales, office.cspsubscription)
    assert url(office.cspsubscription, "reactivate") not in page
    answer = sales.post(url(office.cspsubscription, "reactivate"))
    assert "only while its partner has an active reseller relationship" in text(answer)
    order = sales.get(url(office.customer, "order"))
    assert order.status_code == 403
    assert "active reseller relationship with that very customer" in text(order)
    assert everything() == before
