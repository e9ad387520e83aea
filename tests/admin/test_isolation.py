"""Staff of one partner meets nothing of another one, on any page."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from relationships.models import StaffMembership
from relationships.services.relationships import end_relationship
from subscriptions.services import lifecycle

from .. import stories
from ..factories import StaffMembershipFactory
from .office import Office, desk, everything, list_url, text, url
from .pages import (
    ANSWERS,
    EVERYBODYS,
    OF_ROWS,
    TRANSITIONS,
    VIEW,
    app_urls,
    site_urls,
)

pytestmark = pytest.mark.django_db


def foreign_urls(other: Office) -> dict[str, dict[str, Any]]:
    """Every page of the other office's rows, with what a POST to it would say."""
    theirs = {name: other.rows[name] for name in VIEW if name not in EVERYBODYS}
    plain = {url(row, page): {} for row in theirs.values() for page in OF_ROWS}
    acting = {
        url(theirs[model], page): ANSWERS.get(page, {}) for model, page in TRANSITIONS
    }
    return {**plain, **acting}


def is_theirs(answer: Any, other: Office) -> bool:
    content = text(answer)
    ids = [str(other.rows[name].pk) for name in ("customer", "invitation", "order")]
    return other.word.lower() in content.lower() or any(id in content for id in ids)


def test_lists_and_own_pages_tell_nothing_of_another_partner(office, other, sales):
    own = [url(office.rows[name], page) for name in VIEW for page in OF_ROWS]
    own += [url(office.rows[model], page) for model, page in TRANSITIONS]
    lists = [list_url(office.rows[name]) for name in VIEW if name not in EVERYBODYS]
    told = [
        address
        for address in [*site_urls(), *app_urls(), *lists, *own]
        if is_theirs(sales.get(address), other)
    ]
    # These offer the catalogue, which is everybody's.
    reports = ("coexistence", "renewals", "value")
    assert set(told) == {
        url(office.customer, "order"),
        url(office.cspsubscription, "schedule"),
        *(reverse("admin:report", args=[slug]) for slug in reports),
    }


def test_search_finds_nothing_of_another_partner(office, other, sales):
    terms = [other.word, str(other.customer.tenant_id), "quillon-customer.example"]
    for name in set(VIEW) - EVERYBODYS:
        for term in terms:
            answer = sales.get(list_url(office.rows[name]), {"q": term})
            if answer.status_code == 200:
                assert answer.context["cl"].result_count == 0, (name, term)


@pytest.mark.parametrize("role", ["admin_agent", "report_viewer"])
def test_pages_of_another_partners_rows_are_not_there(office, other, role):
    client = desk(office.actor(role))
    before = everything()
    shown = []
    for address, answer in foreign_urls(other).items():
        for response in (client.get(address), client.post(address, answer)):
            is_gone = response.status_code in {403, 404}
            # Django's own way: to the front page, saying that there is no such row.
            goes_home = response.headers.get("Location") == "/admin/"
            if not (is_gone or goes_home) or is_theirs(response, other):
                shown.append((address, response.status_code))
    assert shown == []
    assert everything() == before


def test_bulk_actions_leave_another_partners_rows_alone(office, other, sales):
    before = everything()
    for name in VIEW:
        row = other.rows[name]
        for action in ("send", "withdraw", "renew", "delete_selected"):
            data = {"action": action, "_selected_action": [row.pk], "post": "yes"}
            sales.post(list_url(row), data)
    assert everything() == before


def test_autocomplete_finds_only_what_the_actor_sees(office, other, sales, operator):
    def found(client: Client, model: str, field: str) -> Any:
        return client.get(
            reverse("admin:autocomplete"),
            {
                "app_label": "relationships",
                "model_name": model,
                "field_name": field,
                "term": "o",
            },
        )

    customers = found(sales, "tenantmembership", "customer")
    assert [row["text"] for row in customers.json()["results"]] == ["Zebrano Customer"]
    for model, field in [("staffmembership", "user"), ("staffmembership", "partner")]:
        assert found(sales, model, field).status_code == 403
    everybody = found(operator, "tenantmembership", "customer").json()["results"]
    assert len(everybody) == 2


def test_made_page_is_plain_when_invitations_are_foreign_or_malformed(
    office, other, sales
):
    address = reverse("admin:request-reseller-relationship-made")
    before = everything()
    for given in (str(other.invitation.pk), "junk", "%00", "9" * 400):
        page = f"{address}?invitation={given}"
        for response in (sales.get(page), sales.post(page, {"send": ""}, follow=True)):
            assert response.status_code == 200
            assert not is_theirs(response, other)
        assert "None of these invitations is yours to see." in text(sales.get(page))
    assert everything() == before


def test_pages_are_not_there_when_the_id_is_malformed(office, sales, operator):
    junk = ["junk", "0", "9" * 40, "%00", "a/b", "-1", "é"]
    rows = [office.rows[name] for name in VIEW]
    pages = [(row, page) for row in rows for page in ("change", "history")]
    for row, page in pages:
        for client in (sales, operator):
            for given in junk:
                address = url(row, page).replace(f"/{row.pk}/", f"/{given}/")
                assert client.get(address).status_code in {403, 404}, address


@pytest.fixture
def moved(office: Office, other: Office) -> Any:
    """A customer that was the office's, and is the other one's now."""
    lifecycle.suspend(office.cspsubscription, actor=office.staff)
    end_relationship(
        office.resellerrelationship, actor=office.staff, reason="It goes elsewhere"
    )
    stories.relationship(other.staff, office.tenant)
    bought = stories.csp_subscription(
        other.staff, office.customer, other.offer, quantity=77
    )
    lifecycle.rename(bought, actor=other.staff, friendly_name="Quillon sells this")
    return bought


def test_former_partner_sees_its_own_and_nothing_newer(office, other, sales, moved):
    page = text(sales.get(url(office.customer)))
    assert "Zebrano Mail" in page
    assert "It goes elsewhere" in page
    assert "Quillon" not in page
    assert ">77<" not in page
    assert "zebrano-customer.example" not in page
    assert "Zebrano Contact" not in page
    assert "Zebrano Existing" not in page
    assert "Quillon" not in text(sales.get(url(office.customer, "history")))
    assert sales.get(moved.get_absolute_url()).status_code == 404


def test_new_partner_sees_of_the_former_one_only_the_seats(office, other, moved):
    page = text(desk(other.staff).get(url(office.customer)))
    assert "Another partner&#x27;s" in page or "Another partner's" in page
    assert "Zebrano Mail" not in page
    assert "Zebrano Agent" not in page
    assert "It goes elsewhere" not in page
    assert "Zebrano Existing" in page


class TestPersonOfTwoPartners:
    @pytest.fixture
    def client(self, office: Office, other: Office) -> Client:
        StaffMembershipFactory(
            user=office.staff.user, partner=other.partner, role="report_viewer"
        )
        client = Client()
        client.force_login(office.staff.user)
        return client

    def choose(self, client: Client, office: Office, **data: str) -> Any:
        data = {"actor": f"partner:{office.partner.pk}", **data}
        return client.post(reverse("admin:act-as"), data)

    def test_must_choose_before_anything_is_shown(self, office, other, client):
        landing = client.get("/admin/relationships/customer/", follow=True)
        assert landing.redirect_chain[-1][0].startswith("/admin/act-as/")
        assert "Act for Zebrano Cloud" in text(landing)
        assert "Act for Quillon Cloud" in text(landing)
        assert "Zebrano Customer" not in text(landing)

    def test_sees_for_whom_it_acts_and_only_that_partners_rows(
        self, office, other, client
    ):
        lists = list_url(office.customer)
        answer = self.choose(client, office, next=lists)
        assert answer.headers["Location"] == lists
        page = text(client.get(lists))
        assert "Zebrano Cloud</a>" in page
        assert "Zebrano Agent, Admin agent" in page
        assert "Zebrano Customer" in page
        assert "Quillon" not in page
        assert client.get(url(other.customer)).status_code == 404
        self.choose(client, other)
        page = text(client.get(lists))
        assert "Zebrano Agent, Report viewer" in page
        assert "Quillon Customer" in page
        assert "Zebrano Customer" not in page
        assert client.get(url(office.customer)).status_code == 404

    def test_cannot_act_for_a_partner_that_is_not_its_own(self, office, client):
        third = stories.staff()
        answer = client.post(reverse("admin:act-as"), {"actor": third.key})
        assert answer.status_code == 200
        assert client.get("/admin/").status_code == 302

    def test_goes_to_the_front_page_when_the_target_is_elsewhere(self, office, client):
        answer = self.choose(client, office, next="https://evil.example/")
        assert answer.headers["Location"] == "/admin/"

    def test_must_choose_again_when_the_chosen_membership_ends(
        self, office, other, client
    ):
        third = stories.staff()
        StaffMembershipFactory(
            user=office.staff.user, partner=third.partner, role="sales_agent"
        )
        self.choose(client, office)
        StaffMembership.objects.get(
            user=office.staff.user, partner=office.partner
        ).delete()
        assert client.get("/admin/").status_code == 302
        assert "Zebrano" not in text(client.get(reverse("admin:act-as")))


def test_person_of_a_partner_and_a_tenant_goes_to_its_own_pages(office):
    membership = stories.tenant()
    staff = StaffMembershipFactory(user=membership.user, partner=office.partner)
    client = Client()
    client.force_login(staff.user)
    answer = client.post(reverse("admin:act-as"), {"actor": membership.key})
    assert answer.headers["Location"] == "/my/"
    assert client.get("/admin/").status_code == 302


def test_choosing_offers_no_tenant_when_local_accounts_sign_in_to_none(
    office, settings
):
    settings.LOCAL_TENANT_SIGN_IN = False
    membership = stories.tenant()
    StaffMembershipFactory(user=membership.user, partner=office.partner)
    client = Client()
    client.force_login(membership.user)
    page = text(client.get(reverse("admin:act-as")))
    assert "Act for Zebrano Cloud" in page
    assert str(membership.customer) not in page
    assert client.get("/admin/").status_code == 200


def test_login_goes_on_to_the_target_when_somebody_works_here(sales):
    target = "/admin/relationships/customer/"
    assert sales.get(f"/admin/login/?next={target}").headers["Location"] == target
    foreign = sales.get("/admin/login/?next=https://evil.example/")
    assert foreign.headers["Location"] == "/admin/"


def test_signing_out_is_one_page_for_everybody(sales):
    answer = sales.post("/admin/logout/", follow=True)
    assert answer.redirect_chain[0][0] == "/sign-out/"
