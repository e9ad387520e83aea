"""Managing needs no script either: seats, renewals, agreements, names and the end."""

from datetime import timedelta

from playwright.sync_api import expect

from portal.foundation import clock
from relationships.models import (
    CustomerAgreement,
    ResellerRelationship,
    StaffMembership,
)
from subscriptions.models import Offer, ProductAlias, ScheduledChange

from .. import stories
from ..factories import OfferFactory, PartnerFactory, ProductFactory, UserFactory
from . import people
from .conftest import OpenBrowser
from .watching import Watch


def test_seats_change_and_are_scheduled_when_no_script_runs(
    open_browser: OpenBrowser, watch: Watch
):
    agent, admin = stories.staff(role="admin_agent"), stories.tenant()
    with clock.at(clock.now() - timedelta(days=10)):
        stories.relationship(agent, admin)
        mail = OfferFactory(product=ProductFactory(title="Mail"))
        row = stories.csp_subscription(agent, admin.customer, mail, quantity=10)
    staff = open_browser(java_script_enabled=False)
    people.to_back_office(staff, agent)
    staff.goto(row.get_absolute_url())
    staff.get_by_role("link", name="Change seats").click()
    staff.get_by_label("Seats in all").fill("12")
    staff.get_by_role("button", name="Change seats").click()
    expect(staff.get_by_text("Seats changed: Mail.")).to_be_visible()
    row.refresh_from_db()
    assert row.quantity == 12
    staff.goto(row.get_absolute_url())
    staff.get_by_role("link", name="Schedule a change").click()
    staff.get_by_label("Seats from the renewal on").fill("4")
    staff.get_by_role("button", name="Schedule a change").click()
    expect(staff.get_by_text("The change is scheduled: Mail.")).to_be_visible()
    assert ScheduledChange.objects.get().quantity == 4
    watch.look(staff, "scheduled")


def test_agreement_is_attested_and_the_relationship_ended_when_no_script_runs(
    open_browser: OpenBrowser, watch: Watch
):
    agent, admin = stories.staff(role="admin_agent"), stories.tenant()
    relationship = stories.relationship(agent, admin)
    staff = open_browser(java_script_enabled=False)
    people.to_back_office(staff, agent)
    staff.goto(f"{admin.customer.get_absolute_url()[: -len('change/')]}attest/")
    people.fill(staff, First_name="Ada", Last_name="Lind")
    staff.get_by_label("E-mail").fill("ada@lind.example")
    watch.look(staff, "attest")
    staff.get_by_role("button", name="Attest").click()
    expect(staff.get_by_text("The agreement is attested.")).to_be_visible()
    assert CustomerAgreement.objects.filter(how="attested").count() == 1
    staff.goto(admin.customer.get_absolute_url())
    staff.get_by_role("link", name="End relationship").click()
    staff.get_by_label("Reason").fill("They leave.")
    watch.look(staff, "end")
    staff.get_by_role("button", name="End").click()
    ended = ResellerRelationship.objects.get(pk=relationship.pk)
    assert (ended.is_active, ended.end_reason) == (False, "They leave.")


def test_name_of_a_product_is_added_when_no_script_runs(
    open_browser: OpenBrowser, watch: Watch
):
    product = ProductFactory(title="Project Plan 3")
    staff = open_browser(java_script_enabled=False)
    people.to_back_office(staff, stories.staff())
    staff.goto("/admin/subscriptions/productalias/add/")
    staff.get_by_label("Name").fill("Projekt 3")
    staff.get_by_label("Product").select_option(label=str(product))
    watch.look(staff, "name-of-a-product")
    staff.get_by_role("button", name="Save", exact=True).click()
    assert ProductAlias.objects.get().product == product


def test_offer_and_membership_are_added_when_no_script_runs(
    open_browser: OpenBrowser, watch: Watch
):
    product, person = ProductFactory(title="Project Plan 3"), UserFactory()
    partner = PartnerFactory()
    operator = open_browser(java_script_enabled=False)
    people.to_back_office(operator, stories.operator())
    operator.goto("/admin/subscriptions/offer/add/")
    operator.get_by_label("Product").select_option(label=str(product))
    operator.get_by_label("Term").select_option("P1Y")
    operator.get_by_label("Billing plan").select_option("monthly")
    people.fill(operator, Currency="EUR", List_price="7.50")
    watch.look(operator, "offer")
    operator.get_by_role("button", name="Save", exact=True).click()
    assert Offer.objects.get().product == product
    operator.goto("/admin/relationships/staffmembership/add/")
    operator.get_by_role("textbox", name="ID").fill(str(person.pk))
    operator.get_by_label("Partner").select_option(label=str(partner))
    operator.get_by_label("Role").select_option("sales_agent")
    watch.look(operator, "membership")
    operator.get_by_role("button", name="Save", exact=True).click()
    made = StaffMembership.objects.get(user=person)
    assert (made.partner, made.role) == (partner, "sales_agent")
