"""A hand that clicks twice does a thing once."""

from django.core import mail
from playwright.sync_api import expect

from relationships.models import CustomerAgreement, ResellerRelationship
from subscriptions.models import Order, SeatEntry, Subscription

from .. import stories
from ..factories import OfferFactory
from . import people
from .conftest import OpenBrowser
from .watching import Watch

# Milliseconds that a button is down and up: the first click's request is on its way
# when the second one follows. Without them a browser would send one request only.
HAND = 20


def test_one_email_goes_out_when_send_is_clicked_twice(
    open_browser: OpenBrowser, watch: Watch
):
    page = open_browser()
    people.to_back_office(page, stories.staff())
    people.request_relationship(page, Recipients="it@twice.example")
    page.get_by_role("button", name="Send from here").dblclick(delay=HAND)
    expect(page.get_by_text("Waiting for the customer to open")).to_be_visible()
    people.come_to_rest(page)
    watch.look(page, "sent")
    assert len(mail.outbox) == 1


def test_one_relationship_begins_when_accept_is_clicked_twice(
    open_browser: OpenBrowser, watch: Watch
):
    sales, admin = stories.staff(), stories.tenant()
    page = open_browser()
    page.goto(stories.sent_invitation(sales).url)
    people.sign_in(page, admin)
    page.get_by_label("I have read").check()
    page.get_by_role("button", name="Accept").dblclick(delay=HAND)
    expect(page.get_by_role("region", name="Receipt")).to_be_visible()
    people.come_to_rest(page)
    watch.look(page, "receipt")
    assert ResellerRelationship.objects.count() == 1
    assert CustomerAgreement.objects.count() == 1
    told = [letter.to for letter in mail.outbox]
    assert sorted(told) == sorted([[sales.user.email], [admin.user.email]])


def test_one_order_is_placed_when_button_is_clicked_twice(
    open_browser: OpenBrowser, watch: Watch
):
    sales, admin = stories.staff(), stories.tenant()
    stories.relationship(sales, admin)
    offer = OfferFactory()
    page = open_browser()
    people.to_back_office(page, sales)
    page.goto(f"{admin.customer.get_absolute_url()}order/".replace("change/", ""))
    page.get_by_label(f"Seats: {offer}").fill("4")
    page.get_by_role("button", name="Review the order").first.click()
    page.get_by_role("button", name="Place the order").dblclick(delay=HAND)
    ordered = page.get_by_role("link", name=offer.product.title, exact=True)
    expect(ordered).to_be_visible()
    people.come_to_rest(page)
    watch.look(page, "ordered")
    assert Order.objects.count() == 1
    assert Subscription.objects.get().quantity == 4
    assert SeatEntry.objects.count() == 1
