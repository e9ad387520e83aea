"""Who is told of orders, seats and imports."""

import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.models import Notice, OutgoingEmail
from subscriptions.services import events, lifecycle
from subscriptions.services.clock import run

from .. import stories
from ..factories import OfferFactory, PartnerFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales():
    return stories.staff(PartnerFactory(name="Fabrikam"))


@pytest.fixture
def offer():
    return OfferFactory(product=ProductFactory(title="Mail"), unit_price="4.50")


@pytest.fixture(autouse=True)
def _quiet(admin):
    Notice.objects.all().delete()
    OutgoingEmail.objects.all().delete()


def inbox(actor):
    return [notice.sentence for notice in Notice.objects.visible_to(actor)]


def letter_to(actor):
    return OutgoingEmail.objects.get(recipient=actor.user.email)


def change(subscription, actor, quantity):
    shown = subscription.quantity
    return lifecycle.change_seats(
        subscription, actor=actor, quantity=quantity, shown=shown
    )


def test_order_is_confirmed_to_who_ordered_and_the_customers_administrators(
    sales, admin, offer
):
    billing = stories.tenant(admin.customer, "billing_administrator")
    user = stories.tenant(admin.customer, "user")
    colleague = stories.staff(sales.partner, "admin_agent")
    made = stories.csp_subscription(sales, admin.customer, offer, quantity=3)
    told = [f"Fabrikam ordered 1 subscription for {admin.customer}"]
    assert inbox(sales) == inbox(admin) == inbox(billing) == told
    assert inbox(user) == inbox(colleague) == []
    order = made.order_line.order
    assert Notice.objects.visible_to(sales).get().path == (
        f"/admin/subscriptions/order/{order.pk}/change/"
    )
    assert Notice.objects.visible_to(admin).get().path == "/my/"
    text = letter_to(sales).text
    assert "- Mail: 3 seats, 1 year. List price 13.50 USD per period" in text
    letter = letter_to(admin)
    assert (letter.from_name, letter.reply_to) == (
        "Fabrikam",
        sales.partner.contact_email,
    )
    assert letter.text.count("Mail") == 2  # in both languages


def test_change_of_seats_is_told_to_the_customer_and_to_who_ordered(
    sales, admin, offer
):
    subscription = stories.csp_subscription(sales, admin.customer, offer, quantity=3)
    Notice.objects.all().delete()
    change(subscription, sales, 5)
    told = f"Mail for {admin.customer}: 5 seats instead of 3"
    assert inbox(admin) == [told]
    assert inbox(sales) == []
    subscription.refresh_from_db()
    colleague = stories.staff(sales.partner)
    change(subscription, colleague, 8)
    after = f"Mail for {admin.customer}: 8 seats instead of 5"
    assert inbox(admin) == [after, told]
    assert inbox(sales) == [after]
    assert inbox(colleague) == []


def test_same_change_twice_is_told_twice_and_a_second_click_is_not(sales, admin, offer):
    subscription = stories.csp_subscription(sales, admin.customer, offer, quantity=3)
    Notice.objects.all().delete()
    change(subscription, sales, 5)
    change(subscription, sales, 5)
    assert len(inbox(admin)) == 1
    subscription.refresh_from_db()
    with clock.at(clock.now()):
        change(subscription, sales, 3)
        subscription.refresh_from_db()
        change(subscription, sales, 5)
    assert len(inbox(admin)) == 3


def test_seats_of_a_renewal_are_told_once_as_a_change_is(sales, admin, offer):
    subscription = stories.csp_subscription(sales, admin.customer, offer, quantity=3)
    same = stories.csp_subscription(sales, admin.customer, offer, quantity=4)
    lifecycle.schedule_change(subscription, actor=sales, quantity=9, offer=offer)
    Notice.objects.all().delete()
    OutgoingEmail.objects.all().delete()
    with clock.at(same.commitment_ends_at):
        for _run in range(2):
            run(actor=Actor.clock())
    told = [f"Mail for {admin.customer}: 9 seats instead of 3"]
    assert inbox(admin) == inbox(sales) == told
    text = letter_to(sales).text
    assert "was renewed on" in text
    assert "with 9 seats instead of 3, as Fabrikam had scheduled it" in text


@pytest.mark.parametrize("by_colleague", [True, False])
def test_stopping_and_reactivating_is_told_as_seats_are(
    sales, admin, offer, by_colleague
):
    subscription = stories.csp_subscription(sales, admin.customer, offer)
    user = stories.tenant(admin.customer, "user")
    Notice.objects.all().delete()
    OutgoingEmail.objects.all().delete()
    actor = stories.staff(sales.partner) if by_colleague else sales
    lifecycle.suspend(subscription, actor=actor)
    assert "nobody can work with it now" in letter_to(admin).text
    OutgoingEmail.objects.all().delete()
    lifecycle.reactivate(subscription, actor=actor)
    assert "does not renew automatically" in letter_to(admin).text
    OutgoingEmail.objects.all().delete()
    lifecycle.cancel(subscription, actor=actor)
    assert "It is deleted for good." in letter_to(admin).text
    told = [
        f"{word}: Mail for {admin.customer}"
        for word in ("Cancelled", "Active again", "Suspended")
    ]
    assert inbox(admin) == told
    assert inbox(sales) == (told if by_colleague else [])
    assert inbox(user) == []


def test_finished_import_is_told_to_who_started_it_once():
    operator = stories.operator()
    for _attempt in range(2):
        events.import_finished(
            operator, event="42", path="/admin/", recorded=7, refused=2
        )
    assert inbox(operator) == ["Import finished: 7 recorded, 2 left out"]
    text = letter_to(operator).text
    assert "7 subscriptions were recorded. 2 rows were left out" in text
