"""The activity log: what changed, before and after, and how to find it."""

import csv
import io
import json

import pytest

from relationships.enums import Operation
from relationships.models import ActivityRecord, StaffMembership
from subscriptions.models import Subscription
from subscriptions.services import lifecycle
from tests import stories
from tests.factories import OfferFactory

from .office import desk, list_url, text, url

pytestmark = pytest.mark.django_db

LOG = "/admin/relationships/activityrecord/"


@pytest.fixture
def subscription(office):
    return Subscription.objects.get(pk=office.cspsubscription.pk)


@pytest.fixture
def change(office, subscription):
    """Of seats; the line that the log has about it."""
    seats = subscription.quantity
    lifecycle.change_seats(
        subscription, actor=office.staff, quantity=seats + 5, shown=seats
    )
    found = ActivityRecord.objects.filter(operation=Operation.CHANGE_SEATS)
    return found.get(), f"seats {seats} → {seats + 5}"


def found(client, **query):
    return set(client.get(LOG, query).context["cl"].queryset)


def exported(client, **query):
    content = client.get(f"{LOG}export/", query).getvalue().decode()
    return list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"))))


def test_list_tells_the_change_and_leads_to_all_about_its_object(sales, change):
    record, told = change
    page = text(sales.get(LOG))
    assert told in page
    assert f'<a href="?q={record.resource_id}">Subscription</a>' in page
    about = found(sales, q=record.resource_id)
    assert {row.resource_id for row in about} == {record.resource_id}


def test_timelines_tell_the_change_in_utc_with_a_place_for_local_time(
    sales, subscription, change
):
    record, told = change
    for page in (
        url(subscription.customer),
        f"/admin/subscriptions/cspsubscription/{subscription.pk}/history/",
    ):
        shown = text(sales.get(page))
        assert told in shown
        assert f'datetime="{record.at.isoformat()}"' in shown
    assert f'datetime="{record.at.isoformat()}" data-local=' in shown


def test_export_has_before_and_after_the_reason_and_the_request(sales, change):
    record, told = change
    row = exported(sales, q=record.resource_id)[0]
    assert (row["Object"], row["Changes"]) == ("Subscription", told)
    assert json.loads(row["Before"]) == record.old_value
    assert json.loads(row["After"]) == record.new_value
    assert {"Id", "Reason", "Request"} <= set(row)
    assert row["Id"] == record.resource_id


@pytest.mark.parametrize("by", ["company_name", "tenant_id"])
def test_customer_filter_finds_the_customers_lines_alone(operator, office, other, by):
    of_customer = found(operator, of_customer=getattr(office.customer, by))
    assert of_customer
    assert {row.customer for row in of_customer} == {office.customer}


def test_customer_filter_finds_nothing_of_a_customer_out_of_sight(sales, other):
    assert found(sales, of_customer=other.customer.company_name) == set()
    assert found(sales, of_customer="\0") == found(sales)


@pytest.mark.parametrize("by", ["name", "mpn_id"])
def test_operator_filters_by_partner(operator, office, other, by):
    of_partner = found(operator, of_partner=getattr(other.partner, by))
    assert of_partner
    assert {row.partner for row in of_partner} == {other.partner}


def test_partner_filter_is_the_operators_alone(sales, operator, office):
    assert 'name="of_partner"' in text(operator.get(LOG))
    assert 'name="of_partner"' not in text(sales.get(LOG))
    assert sales.get(LOG, {"of_partner": office.partner.name}).status_code == 400


def test_person_filter_finds_what_somebody_did(sales, office):
    user = office.staff.user
    for term in (user.full_name, user.login):
        of_person = found(sales, of_person=term)
        assert of_person
        assert {row.actor for row in of_person} == {user}


def test_person_filter_is_not_for_roles_without_personal_data(office):
    viewer = desk(office.actor("report_viewer"))
    assert viewer.get(LOG, {"of_person": "ann"}).status_code == 403


def test_filter_keeps_the_others_and_the_search(sales, office):
    query = {"operation__exact": "change_seats", "q": "x", "of_person": "ann"}
    page = text(sales.get(LOG, query))
    assert '<input type="hidden" name="operation__exact" value="change_seats">' in page
    assert '<input type="hidden" name="q" value="x">' in page


class TestValues:
    """States are logged as they were and are, people's names and addresses never."""

    def newest(self):
        return ActivityRecord.objects.order_by("-pk").first()

    def test_role_is_told_when_a_membership_changes(self, operator, office):
        membership = StaffMembership.objects.get(user=office.staff.user)
        before = membership.role
        data = {
            "user": membership.user.pk,
            "partner": membership.partner.pk,
            "role": "report_viewer",
        }
        assert operator.post(url(membership), data).status_code == 302
        record = self.newest()
        assert (record.old_value, record.new_value["role"]) == (
            {"role": before},
            "report_viewer",
        )
        assert record.changes.startswith("role ")
        assert "→ Report viewer" in record.changes

    def test_switch_is_told_and_no_name_when_a_person_changes(self, operator):
        person = stories.tenant().user
        data = {"full_name": "New Name", "login": person.login, "email": person.email}
        assert operator.post(url(person), data).status_code == 302
        record = self.newest()
        assert record.old_value == {"is_active": True}
        assert record.new_value["is_active"] is False
        assert "New Name" not in f"{record.old_value}{record.new_value}"

    def test_offer_is_told_whole_when_it_is_added_and_its_end_when_retired(
        self, operator
    ):
        offer = OfferFactory()
        data = {
            "product": offer.product.pk,
            "term": "P1M",
            "billing_plan": "monthly",
            "currency": "USD",
            "unit_price": "12.50",
            "minimum_seats": 1,
            "maximum_seats": 300,
            "is_available": "on",
        }
        answer = operator.post(list_url(offer, "add"), data)
        assert answer.status_code == 302
        assert self.newest().new_value["unit_price"] == "12.50"
        assert operator.post(url(offer), {}).status_code == 302
        record = self.newest()
        assert record.old_value == {"is_available": True}
        assert record.changes.endswith("available Yes → No")

    def test_country_is_told_when_the_operator_corrects_a_customer(
        self, operator, office
    ):
        data = {"company_name": "Renamed", "country": "FR", "contact_name": "Ann"}
        assert operator.post(url(office.customer), data).status_code == 302
        record = self.newest()
        assert record.operation == Operation.CORRECT_CUSTOMER
        assert record.old_value["country"] == "DE"
        assert record.new_value["country"] == "FR"
        assert "contact_name" in record.new_value["fields"]
        told = f"{record.old_value}{record.new_value}"
        assert "Renamed" not in told
        assert "Ann'" not in told
