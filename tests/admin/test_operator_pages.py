"""The operator's pages: people, partners, the catalogue, the market table."""

from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.foundation import clock
from relationships.models import (
    ActivityRecord,
    CountryMarket,
    Partner,
    StaffMembership,
)
from subscriptions.models import Offer, Product, ProductAlias

from .. import stories
from ..factories import (
    OfferFactory,
    PartnerFactory,
    ProductFactory,
    UserFactory,
)
from .office import everything, list_url, messages, text, url

pytestmark = pytest.mark.django_db

PASSWORD = "a long unusual phrase"


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["adminform"].form.errors)


def newest() -> ActivityRecord:
    return ActivityRecord.objects.latest("id")


class TestPeople:
    values = {"full_name": "Ada Byron", "login": "Ada@x.example", "is_active": "on"}

    def test_is_added_with_a_password_that_signs_in(self, operator):
        data = {**self.values, "new_password": PASSWORD}
        answer = operator.post(list_url(User, "add"), data)
        assert answer.status_code == 302
        made = User.objects.get(login="ada@x.example")
        assert made.check_password(PASSWORD)
        assert newest().operation == "add_record"
        assert newest().resource_id == str(made.pk)
        assert PASSWORD not in str(everything()["relationships.ActivityRecord"])

    def test_is_added_without_a_password_that_nobody_can_use(self, operator):
        operator.post(list_url(User, "add"), self.values)
        assert not User.objects.get(login="ada@x.example").has_usable_password()

    @pytest.mark.parametrize("password", ["short", "12345678901", "ada@x.example"])
    def test_weak_password_is_refused_beside_the_field(self, operator, password):
        before = everything()
        data = {**self.values, "new_password": password}
        answer = operator.post(list_url(User, "add"), data)
        assert list(errors(answer)) == ["new_password"]
        assert everything() == before

    @pytest.mark.parametrize("field", ["full_name", "login"])
    def test_what_is_missing_is_told_beside_the_field(self, operator, field):
        before = everything()
        data = {**self.values, "new_password": PASSWORD, field: ""}
        assert list(errors(operator.post(list_url(User, "add"), data))) == [field]
        assert everything() == before

    def test_password_is_set_anew_and_ends_the_sessions(self, operator):
        person = UserFactory()
        client = Client()
        client.force_login(person)
        data = {"full_name": "New Name", "login": person.login, "is_active": "on"}
        operator.post(url(person), {**data, "new_password": PASSWORD})
        person.refresh_from_db()
        assert person.check_password(PASSWORD)
        assert person.full_name == "New Name"
        assert client.get("/my/").status_code == 302
        assert newest().operation == "change_record"
        assert "New Name" not in str(newest().new_value)

    def test_password_stays_when_the_field_is_empty(self, operator):
        person = UserFactory()
        data = {"full_name": "New Name", "login": person.login, "is_active": "on"}
        operator.post(url(person), data)
        person.refresh_from_db()
        assert person.check_password("correct horse")

    def test_an_operator_is_made_by_the_operator(self, operator):
        data = {**self.values, "is_superuser": "on"}
        operator.post(list_url(User, "add"), data)
        made = User.objects.get(login="ada@x.example")
        assert (made.is_superuser, made.is_staff) == (True, True)

    def test_is_anonymised_once_with_a_reason(self, operator):
        membership = stories.staff()
        person = membership.user
        before = everything()
        assert "taken away for good" in text(operator.get(url(person, "anonymise")))
        empty = operator.post(url(person, "anonymise"), {"reason": ""})
        assert list(empty.context["form"].errors) == ["reason"]
        assert everything() == before
        data = {"reason": "She asked for it"}
        answer = operator.post(url(person, "anonymise"), data, follow=True)
        assert messages(answer) == ["Anonymised."]
        person.refresh_from_db()
        assert (str(person), person.email) == ("Anonymised person", "")
        assert not person.is_active
        assert not StaffMembership.objects.filter(user=person).exists()
        assert url(person, "anonymise") not in text(operator.get(url(person)))
        before = everything()
        again = operator.post(url(person, "anonymise"), data)
        assert "This person is anonymised already." in text(again)
        assert everything() == before


class TestMemberships:
    def test_is_given_and_its_partner_can_read_about_it(self, operator):
        boss = stories.staff(role="admin_agent")
        person = UserFactory()
        data = {"user": person.pk, "partner": boss.partner.pk, "role": "sales_agent"}
        answer = operator.post(list_url(StaffMembership, "add"), data)
        assert answer.status_code == 302
        made = StaffMembership.objects.get(user=person)
        assert made.partner == boss.partner
        assert newest().partner == boss.partner

    def test_is_taken_away_by_the_page_and_by_the_list(self, operator):
        one, two = (stories.staff().user.staff_memberships.get() for _ in "ab")
        operator.post(url(one, "delete"), {"post": "yes"})
        assert newest().operation == "delete_record"
        data = {"action": "delete_selected", "_selected_action": [two.pk], "post": "y"}
        operator.post(list_url(two), data)
        assert not StaffMembership.objects.exists()
        told = ActivityRecord.objects.filter(operation="delete_record")
        assert sorted(record.resource_id for record in told) == sorted(
            [str(one.pk), str(two.pk)]
        )

    def test_a_second_role_at_the_same_partner_is_refused(self, operator):
        first = stories.staff()
        before = everything()
        data = {
            "user": first.user.pk,
            "partner": first.partner.pk,
            "role": "sales_agent",
        }
        answer = operator.post(list_url(StaffMembership, "add"), data)
        assert "This person has a role there already." in text(answer)
        assert everything() == before


class TestPartners:
    values = {
        "name": "Tailspin",
        "mpn_id": "1234567",
        "tenant_id": "00000000-0000-4000-8000-000000000001",
        "country": "DE",
        "currency": "EUR",
        "is_advisor": "on",
        "contact_email": "hello@tailspin.example",
    }

    def test_is_added_without_a_reason(self, operator):
        page = operator.get(list_url(Partner, "add"))
        assert "change_reason" not in page.context["adminform"].form.fields
        answer = operator.post(list_url(Partner, "add"), self.values)
        assert answer.status_code == 302
        made = Partner.objects.get(mpn_id="1234567")
        assert made.is_advisor
        assert newest().operation == "add_record"

    @pytest.mark.parametrize(
        ("field", "value"),
        [("mpn_id", "12a"), ("country", "Germany"), ("currency", "euro"), ("name", "")],
    )
    def test_bad_values_are_told_beside_their_field(self, operator, field, value):
        before = everything()
        answer = operator.post(list_url(Partner, "add"), {**self.values, field: value})
        assert list(errors(answer)) == [field]
        assert everything() == before

    def test_is_neither_transacting_nor_advising_is_refused(self, operator):
        before = everything()
        answer = operator.post(
            list_url(Partner, "add"), {**self.values, "is_advisor": ""}
        )
        assert "CSP transacting partner, an Advisor, or both." in text(answer)
        assert everything() == before

    def test_list_is_filtered_by_a_countrys_name(self, operator):
        PartnerFactory(name="Here", country="DE")
        PartnerFactory(name="There", country="NO")
        address = list_url(Partner)
        assert "Norway" in text(operator.get(address))
        rows = operator.get(address, {"country": "NO"}).context["cl"].result_list
        assert [row.name for row in rows] == ["There"]

    def correction(self, partner: Partner, **values: str) -> dict[str, str]:
        kept = ("name", "mpn_id", "country", "currency", "contact_email")
        return {
            **{name: getattr(partner, name) for name in kept},
            "is_csp_transacting": "on",
            **values,
        }

    def test_is_corrected_with_a_reason_in_one_record(self, operator):
        partner = PartnerFactory()
        count = ActivityRecord.objects.count()
        data = self.correction(partner, name="Renamed", change_reason="Merger")
        assert operator.post(url(partner), data).status_code == 302
        partner.refresh_from_db()
        assert partner.name == "Renamed"
        assert ActivityRecord.objects.count() == count + 1
        assert newest().operation == "correct_partner"
        assert newest().reason == "Merger"
        assert newest().new_value == {"fields": ["name"]}

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_is_not_corrected_without_a_reason(self, operator, reason):
        partner = PartnerFactory()
        before = everything()
        data = self.correction(partner, name="Renamed", change_reason=reason)
        assert list(errors(operator.post(url(partner), data))) == ["change_reason"]
        assert everything() == before

    def test_takes_no_mpn_id_of_another_one(self, operator):
        partner, other = PartnerFactory(), PartnerFactory()
        before = everything()
        data = self.correction(partner, mpn_id=other.mpn_id, change_reason="Merger")
        assert list(errors(operator.post(url(partner), data))) == ["mpn_id"]
        assert everything() == before


class TestCatalogue:
    def test_price_of_an_offer_cannot_be_changed_only_its_availability(self, operator):
        offer = OfferFactory(unit_price="10.00")
        forged = {"unit_price": "0.01", "maximum_seats": "1", "currency": "EUR"}
        assert operator.post(url(offer), forged).status_code == 302
        (stored,) = Offer.objects.values()
        assert stored["is_available"] is False
        assert str(stored["unit_price"]) == "10.00"
        assert (stored["maximum_seats"], stored["currency"]) == (300, "USD")

    def test_a_new_price_is_a_new_offer_once_the_old_one_is_retired(self, operator):
        offer = OfferFactory(unit_price="10.00")
        data = {
            "product": offer.product.pk,
            "term": offer.term,
            "billing_plan": offer.billing_plan,
            "currency": offer.currency,
            "unit_price": "12.00",
            "minimum_seats": "1",
            "is_available": "on",
        }
        before = everything()
        answer = operator.post(list_url(Offer, "add"), data)
        assert "An offer with these terms is available already." in text(answer)
        assert everything() == before
        operator.post(url(offer), {})
        assert operator.post(list_url(Offer, "add"), data).status_code == 302
        prices = {str(row.unit_price): row.is_available for row in Offer.objects.all()}
        assert prices == {"10.00": False, "12.00": True}
        retired, sold = Offer.objects.order_by("pk")
        assert retired.sold_until <= sold.sold_from <= clock.now()
        assert sold.sold_until is None

    def test_names_elsewhere_are_mended_with_their_product(self, operator):
        product = ProductFactory()
        data = {
            "product_id": product.product_id,
            "sku_id": product.sku_id,
            "title": product.title,
            "aliases-TOTAL_FORMS": "1",
            "aliases-INITIAL_FORMS": "0",
            "aliases-0-name": "Its other name",
        }
        assert operator.post(url(product), data).status_code == 302
        assert ProductAlias.objects.get().product == product
        found = operator.get(list_url(Product), {"q": "other name"})
        assert found.context["cl"].result_count == 1


def test_market_table_is_edited_by_the_operator(operator):
    data = {"country": "QZ", "market": "Somewhere"}
    assert operator.post(list_url(CountryMarket, "add"), data).status_code == 302
    made = CountryMarket.objects.get(pk="QZ")
    assert operator.post(url(made), {**data, "market": "Else"}).status_code == 302
    assert CountryMarket.market_of("QZ") == "Else"
    assert operator.post(url(made, "delete"), {"post": "yes"}).status_code == 302
    assert CountryMarket.market_of("QZ") == "QZ"
    told = ActivityRecord.objects.filter(resource_type="countrymarket")
    assert told.count() == 3


def test_names_of_a_product_have_a_label_for_each_field(operator):
    product = ProductFactory()
    ProductAlias.objects.create(product=product, name="Other name")
    page = text(operator.get(url(product)))
    for field in ("name", "DELETE"):
        assert f'for="id_aliases-0-{field}"' in page
