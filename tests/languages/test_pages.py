"""Every public page and dead end speaks German to a German browser, and nothing else.

Each story makes a state and returns the visitor's answer, as a German browser has it.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.utils import translation

from portal.foundation import clock
from relationships.services.invitations import (
    decline_invitation,
    renew_invitation,
    withdraw_invitation,
)
from relationships.services.partners import stop_partner_link
from relationships.services.relationships import end_relationship
from relationships.services.tenants import provision_customer
from tests import stories
from tests.factories import CustomerFactory, TenantMembershipFactory, UserFactory
from tests.public.visitor import Visitor, path_of
from tests.signin.openid import pages as openid

from .reading import Reader, english_in

pytestmark = pytest.mark.django_db

GERMAN = {"headers": {"accept-language": "de-DE,de;q=0.9,en;q=0.5"}}


def german() -> Visitor:
    return Visitor(**GERMAN)


def plain(path):
    def story():
        return german().get(path)

    story.__name__ = path
    return story


def refused_sign_in():
    return german().submit("/sign-in/", login="a@b.example", password="x")


def sign_in_without_words():
    return german().submit("/sign-in/", login="", password="")


def sign_out():
    return german().acting_as(stories.tenant()).get("/sign-out/")


def forged_form():
    return german().post("/sign-in/", {"login": "a", "password": "b"})


def account_without_anything():
    visitor = german()
    visitor.force_login(UserFactory())
    return visitor.get("/")


def landing():
    customer = CustomerFactory()
    domain = customer.primary_domain
    invitation = stories.sent_invitation(stories.staff(), customer_domain=domain)
    return german().get(path_of(invitation))


def landing_when_signed_in():
    invitation = stories.sent_invitation(stories.staff())
    return german().acting_as(stories.tenant()).get(path_of(invitation))


def landing_without_ways(settings):
    settings.LOCAL_TENANT_SIGN_IN = False
    return german().get(path_of(stories.sent_invitation(stories.staff())))


def stranger_signs_in():
    invitation = stories.sent_invitation(stories.staff())
    return german().sign_in(path_of(invitation), stories.staff())


def preview():
    sales = stories.staff()
    return german().acting_as(sales).get(path_of(stories.sent_invitation(sales)))


def _decision():
    admin = stories.tenant()
    stories.observation(admin.customer)
    stories.observation(admin.customer, channel="volume", por_name="Brightwater")
    invitation = stories.signed_in_invitation(stories.staff(), admin)
    return german().acting_as(admin), path_of(invitation)


def decision():
    visitor, path = _decision()
    return visitor.get(path)


def decision_with_nothing_known():
    admin = stories.tenant()
    invitation = stories.signed_in_invitation(stories.staff(), admin)
    return german().acting_as(admin).get(path_of(invitation))


def accepting_without_agreement():
    visitor, path = _decision()
    return visitor.submit(path, f"{path}accept/")


def declining_with_too_many_words():
    visitor, path = _decision()
    return visitor.submit(path, f"{path}decline/", reason="x" * 1001)


def adding_with_mistakes():
    visitor, path = _decision()
    form = {"channel": "direct", "quantity": "0", "por_mpn_id": "abc"}
    return visitor.submit(path, f"{path}existing/", **form)


def adding():
    visitor, path = _decision()
    form = {"channel": "direct", "product_name": "Visio", "quantity": "3"}
    answer = visitor.submit(path, f"{path}existing/", **form)
    return visitor.get(answer.url)


def _uploaded(*lines):
    visitor, path = _decision()
    content = "\n".join(lines).encode()
    file = SimpleUploadedFile("produkte.csv", content)
    answer = visitor.submit(path, f"{path}upload/", file=file, channel="direct")
    return visitor, answer.url


def importing():
    visitor, path = _uploaded("Produkt,Menge", "Visio,3", "Project,x", "=1,2")
    return visitor.submit(path, record="")


def importing_without_known_columns():
    visitor, path = _uploaded("Was,Wie", "Visio,3")
    return visitor.submit(path, product_name="0", quantity="0")


def not_administrator():
    person = stories.tenant(role="user")
    invitation = stories.sent_invitation(stories.staff())
    return german().sign_in(path_of(invitation), person)


def wrong_tenant():
    domain = CustomerFactory().primary_domain
    invitation = stories.sent_invitation(stories.staff(), customer_domain=domain)
    return german().sign_in(path_of(invitation), stories.tenant())


def other_partner():
    admin = stories.tenant()
    stories.relationship(stories.staff(), admin)
    invitation = stories.sent_invitation(stories.staff())
    return german().sign_in(path_of(invitation), admin)


def other_market():
    abroad = stories.tenant(CustomerFactory(country="JP"))
    invitation = stories.sent_invitation(stories.staff())
    return german().sign_in(path_of(invitation), abroad)


def already_linked():
    sales, admin = stories.staff(), stories.tenant()
    second = stories.sent_invitation(sales)
    stories.relationship(sales, admin)
    return german().sign_in(path_of(second), admin)


def answered():
    relationship = stories.relationship(stories.staff(), stories.tenant())
    return german().get(path_of(relationship.invitation))


def expired():
    with clock.at(clock.now() - timedelta(days=60)):
        invitation = stories.sent_invitation(stories.staff())
    return german().get(path_of(invitation))


def withdrawn_while_deciding():
    sales, admin = stories.staff(), stories.tenant()
    invitation = stories.signed_in_invitation(sales, admin)
    visitor, path = german().acting_as(admin), path_of(invitation)
    key = str(visitor.get(path).context["csrf_token"])
    withdraw_invitation(invitation, actor=sales)
    visitor.post(f"{path}accept/", {"agreed": "on", "csrfmiddlewaretoken": key})
    return visitor.get(path)


def asked_for_a_new_link():
    sales = stories.staff()
    withdrawn = withdraw_invitation(stories.sent_invitation(sales), actor=sales)
    visitor, path = german(), path_of(withdrawn)
    visitor.submit(path, f"{path}ask/", message="")
    return visitor.get(path)


def declined():
    admin = stories.tenant()
    invitation = stories.signed_in_invitation(stories.staff(), admin)
    decline_invitation(invitation, actor=admin)
    return german().get(path_of(invitation))


def replaced():
    sales = stories.staff()
    invitation = stories.sent_invitation(sales)
    old = path_of(invitation)
    renew_invitation(invitation, actor=sales)
    return german().get(old)


def partner_link():
    return german().get(path_of(stories.staff().partner))


def partner_link_stopped():
    sales = stories.staff()
    path = path_of(sales.partner)
    stop_partner_link(sales.partner, actor=sales)
    return german().get(path)


def partner_link_already_linked():
    sales, admin = stories.staff(), stories.tenant()
    stories.relationship(sales, admin)
    return german().acting_as(admin).get(path_of(sales.partner))


def receipt():
    agent, admin = stories.staff(role="admin_agent"), stories.tenant()
    stories.observation(admin.customer)
    relationship = stories.relationship(agent, admin)
    end_relationship(relationship, actor=agent, reason="x")
    return german().acting_as(admin).get(f"/my/receipts/{relationship.pk}/")


def receipt_of_a_new_tenant():
    customer = provision_customer(
        actor=stories.staff(),
        company_name="Contoso",
        stated_domain="contoso.example",
        country="DE",
    )
    path = f"/my/receipts/{customer.active_relationship.pk}/"
    return german().acting_as(stories.tenant(customer)).get(path)


def my():
    sales, admin = stories.staff(), stories.tenant()
    stories.relationship(sales, admin)
    stories.csp_subscription(sales, admin.customer)
    for quantity in (11, 12, 13):
        stories.observation(admin.customer, external_id="a", quantity=quantity)
    stories.signed_in_invitation(stories.staff(), admin)
    return german().acting_as(admin).get("/my/")


def my_with_nothing():
    return german().acting_as(stories.tenant()).get("/my/")


def my_tenants():
    user = UserFactory()
    TenantMembershipFactory.create_batch(2, user=user)
    visitor = german()
    visitor.force_login(user)
    return visitor.get("/my/act-as/")


STORIES: list[Any] = [
    *map(plain, ["/", "/sign-in/", "/glossary/", "/nowhere/", "/invitations/x/"]),
    *(refused_sign_in, sign_in_without_words, sign_out, forged_form),
    *(account_without_anything, landing, landing_when_signed_in, stranger_signs_in),
    *(preview, decision, decision_with_nothing_known, accepting_without_agreement),
    *(declining_with_too_many_words, adding_with_mistakes, adding, not_administrator),
    *(importing, importing_without_known_columns),
    *(wrong_tenant, other_partner, other_market, already_linked, answered, expired),
    *(withdrawn_while_deciding, asked_for_a_new_link, declined, replaced),
    *(partner_link, partner_link_stopped, partner_link_already_linked),
    *(receipt, receipt_of_a_new_tenant, my, my_with_nothing, my_tenants),
    *openid.STORIES,
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_page_is_in_german_when_the_browser_asks_for_it(story):
    answer = story()
    assert Reader(answer.content.decode()).lang == "de"
    assert answer.headers["Content-Language"] == "de"
    assert english_in(answer) == []


def test_page_is_in_german_when_nobody_can_sign_in(settings):
    answer = landing_without_ways(settings)
    assert "keine Anmeldung bei einem Mandanten" in answer.content.decode()
    assert english_in(answer) == []


@pytest.mark.parametrize("name", ["400.html", "403.html", "500.html"])
def test_error_page_is_in_german_without_a_request(name):
    with translation.override("de"):
        html = render_to_string(name)
    assert Reader(html).lang == "de"
    assert "Zur Startseite" in html


def test_english_is_noticed_when_a_page_has_some():
    answer = Visitor().get("/")
    assert "Sign in" in english_in(answer)
    assert {"the", "your"} <= set(english_in(answer))


def test_dates_are_written_as_in_german():
    with clock.at(clock.now().replace(year=2026, month=3, day=5)):
        admin = stories.tenant()
        relationship = stories.relationship(stories.staff(), admin)
    path = f"/my/receipts/{relationship.pk}/"
    page = german().acting_as(admin).get(path).content.decode()
    assert "5. März 2026, " in page
