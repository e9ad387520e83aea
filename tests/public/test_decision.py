"""The invitation screen: what it shows, adding what is missing, accept, decline."""

from datetime import UTC, datetime

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from portal.acceptance.forms import StatementForm
from portal.foundation.countries import country_name
from portal.foundation.refusals import show_refusal
from relationships.models import CustomerAgreement, ResellerRelationship
from relationships.services.composing import what_accepting_does_not_do
from subscriptions.models import Subscription
from tests import stories
from tests.factories import AdvisorFactory

from .visitor import Visitor, everything_stored, path_of, text_of

pytestmark = pytest.mark.django_db

NONE_KNOWN = (
    "No existing subscription is recorded here. "
    "Accepting changes none at Microsoft either."
)
STATED = {
    "channel": "direct",
    "product_name": "Visio Plan 2",
    "quantity": "7",
    "commitment_ends_at": "2028-06-30",
    "por_name": "",
    "por_mpn_id": "",
    "external_id": "",
}


@pytest.fixture
def invitation(sales, admin):
    return stories.signed_in_invitation(sales, admin)


@pytest.fixture
def path(invitation):
    return path_of(invitation)


@pytest.fixture
def visitor(admin):
    return Visitor().acting_as(admin)


def test_screen_says_who_the_partner_is_and_what_it_may_and_may_not(
    visitor, path, sales
):
    page = text_of(visitor.get(path)).replace("<strong>not</strong>", "not")
    partner = sales.partner
    for words in (
        partner.name,
        country_name(partner.country),
        partner.mpn_id,
        partner.contact_email,
        "Order new CSP subscriptions for your tenant",
        f"Once you accept, {partner.name} sees your existing subscriptions",
        CustomerAgreement.current_name(),
    ):
        assert words in page
    for line in what_accepting_does_not_do(partner.name):
        assert f"Does not {line}." in page


def test_screen_says_so_and_shows_no_tick_when_nothing_is_known(visitor, path):
    page = text_of(visitor.get(path))
    assert NONE_KNOWN in page
    assert "Stays unchanged" not in page
    existing = page.split('aria-labelledby="existing"')[1].split("</section>")[0]
    assert "#check" not in existing


def test_screen_lists_each_existing_subscription_as_unchanged(visitor, path, admin):
    advisor = AdvisorFactory(name="Brightwater Advisory", mpn_id="4455667")
    stories.observation(
        admin.customer,
        channel="advisor",
        product_name="Microsoft 365 E3",
        quantity=210,
        por_mpn_id=advisor.mpn_id,
        commitment_ends_at=datetime(2028, 6, 30, tzinfo=UTC),
    )
    stories.observation(admin.customer, channel="volume", product_name="Server")
    advisor.name = "Renamed"
    advisor.save()
    page = text_of(visitor.get(path))
    assert page.count("Stays unchanged") == 2
    assert "Your 2 existing subscriptions stay unchanged" in page
    for words in (
        "Microsoft 365 E3",
        "Advisor",
        "Brightwater Advisory (MPN 4455667)",
        "210",
        "30 June 2028",
        "Volume licensing",
        "None recorded",
        "Not recorded",
    ):
        assert words in page
    assert "Renamed" not in page
    assert NONE_KNOWN not in page


def test_screen_shows_the_newest_word_and_nobody_elses(visitor, path, admin):
    stories.observation(admin.customer, external_id="1", quantity=11)
    stories.observation(admin.customer, external_id="1", quantity=12)
    stories.observation(stories.tenant().customer, product_name="Foreign")
    page = text_of(visitor.get(path))
    assert "Your 1 existing subscription stays unchanged" in page
    assert ">12<" in page
    assert ">11<" not in page
    assert "Foreign" not in page


def test_adding_records_the_customers_own_statement(visitor, path, admin):
    given = {**STATED, "por_name": "Old Advisor", "por_mpn_id": "1234567"}
    answer = visitor.submit(path, f"{path}existing/", **given)
    assert answer.url == f"{path}#existing"
    row = Subscription.objects.get()
    assert row.customer == admin.customer
    assert row.stated_by_customer
    assert (row.channel, row.product_name, row.quantity) == (
        "direct",
        "Visio Plan 2",
        7,
    )
    assert row.commitment_ends_at == datetime(2028, 6, 30, tzinfo=UTC)
    assert (row.por_name, row.por_mpn_id) == ("Old Advisor", "1234567")
    page = text_of(visitor.get(path))
    assert "Added to your existing subscriptions." in page
    assert "stated by you" in page


@pytest.mark.parametrize("named", [True, False])
def test_adding_records_once_when_the_button_is_clicked_twice(visitor, path, named):
    advisor = AdvisorFactory()
    given = {**STATED, "por_mpn_id": advisor.mpn_id if named else ""}
    for _ in range(2):
        visitor.submit(path, f"{path}existing/", **given)
    assert Subscription.objects.count() == 1
    visitor.submit(path, f"{path}existing/", **{**given, "quantity": "8"})
    assert Subscription.objects.count() == 2


def test_adding_supersedes_when_the_id_elsewhere_is_known(visitor, path, admin):
    known = stories.observation(admin.customer, external_id="abc", quantity=3)
    visitor.submit(path, f"{path}existing/", **{**STATED, "external_id": "abc"})
    added = Subscription.objects.current().get()
    assert (added.supersedes, added.quantity) == (known, 7)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("channel", "csp", "Select a valid choice"),
        ("channel", "", "This field is required"),
        ("product_name", "", "This field is required"),
        ("product_name", "x" * 201, "at most 200 characters"),
        ("quantity", "0", "greater than or equal to 1"),
        ("quantity", "99999999999", "less than or equal to 1000000"),
        ("quantity", "many", "Enter a whole number"),
        ("commitment_ends_at", "soon", "Enter a valid date"),
        ("por_mpn_id", "12x4", "An MPN ID has digits only"),
    ],
)
def test_adding_names_the_field_when_the_input_is_bad(
    visitor, path, field, value, sentence
):
    answer = visitor.submit(path, f"{path}existing/", **{**STATED, field: value})
    assert sentence in text_of(answer)
    assert "Your decision" in text_of(answer)
    assert not Subscription.objects.exists()


def test_adding_says_why_not_when_another_partner_of_record_is_named(
    visitor, path, admin
):
    known = stories.observation(
        admin.customer, external_id="abc", por_name="First", por_mpn_id="1111111"
    )
    given = {**STATED, "external_id": "abc", "por_mpn_id": "2222222"}
    answer = visitor.submit(path, f"{path}existing/", **given)
    assert "names another Partner of Record than the recorded" in text_of(answer)
    assert Subscription.objects.get() == known


def test_adding_shows_a_services_refusal_where_it_belongs():
    form = StatementForm(STATED, action="")
    assert form.is_valid()
    show_refusal(form, ValidationError({"quantity": "Too many.", "status": "Unknown."}))
    assert form.errors == {"quantity": ["Too many."], "__all__": ["Unknown."]}


def test_accepting_leads_to_the_receipt(visitor, path, invitation, admin, sales):
    stories.observation(admin.customer)
    before = everything_stored()["Subscription"]
    answer = visitor.submit(path, f"{path}accept/", agreed="on")
    relationship = ResellerRelationship.objects.get()
    assert answer.url == f"/my/receipts/{relationship.pk}/"
    assert (relationship.partner, relationship.customer) == (
        sales.partner,
        admin.customer,
    )
    assert relationship.existing_count == 1
    assert everything_stored()["Subscription"] == before
    invitation.refresh_from_db()
    assert (invitation.status, invitation.accepted_by) == ("accepted", admin.user)


def test_accepting_twice_shows_the_same_receipt(
    visitor, path, django_capture_on_commit_callbacks
):
    key = str(visitor.get(path).context["csrf_token"])
    form = {"agreed": "on", "csrfmiddlewaretoken": key}
    with django_capture_on_commit_callbacks(execute=True):
        first = visitor.post(f"{path}accept/", form)
        stored = everything_stored()
        second = visitor.post(f"{path}accept/", form)
    assert first.url == second.url
    del stored["OutgoingEmail"]
    assert everything_stored().items() >= stored.items()
    assert len(mail.outbox) == 2  # one to staff, one to the customer


def test_accepting_asks_for_the_agreement_when_it_is_not_confirmed(
    visitor, path, invitation
):
    before = everything_stored()
    answer = visitor.submit(path, f"{path}accept/")
    page = text_of(answer)
    assert page.count("Confirm the customer agreement to accept.") == 1
    assert "Your decision" in page
    assert everything_stored() == before


def test_accepting_says_why_not_when_the_agreement_cannot_be_recorded(
    settings, visitor, path
):
    settings.AGREEMENT_VERSION = "x" * 41
    before = everything_stored()
    answer = visitor.submit(path, f"{path}accept/", agreed="on")
    assert answer.url == path
    assert "at most 40 characters" in text_of(visitor.get(path))
    assert everything_stored() == before


def test_accepting_is_refused_when_the_form_has_no_key(visitor, path, invitation):
    before = everything_stored()
    for verb in ("accept", "decline", "existing", "sign-in", "ask"):
        answer = visitor.post(f"{path}{verb}/", {"agreed": "on", **STATED})
        assert answer.status_code == 403
    assert everything_stored() == before


def test_accepting_needs_a_sign_in(path, invitation):
    before = everything_stored()
    visitor = Visitor()
    for verb in ("accept", "decline", "existing"):
        answer = visitor.submit(path, f"{path}{verb}/", agreed="on", **STATED)
        assert answer.url == path
    assert everything_stored() == before


def test_declining_tells_staff_the_reason(visitor, path, invitation, admin):
    answer = visitor.submit(path, f"{path}decline/", reason="Too far away")
    assert answer.url == path
    invitation.refresh_from_db()
    assert invitation.status == "declined"
    assert (invitation.declined_by, invitation.decline_reason) == (
        admin.user,
        "Too far away",
    )
    page = text_of(visitor.get(path))
    assert "This invitation was declined" in page
    assert "Too far away" not in text_of(Visitor().get(path))


def test_declining_twice_changes_nothing_more(visitor, path):
    key = str(visitor.get(path).context["csrf_token"])
    form = {"csrfmiddlewaretoken": key}
    visitor.post(f"{path}decline/", {**form, "reason": "No"})
    before = everything_stored()
    visitor.post(f"{path}decline/", {**form, "reason": "No, no"})
    assert everything_stored() == before


def test_declining_names_the_field_when_the_reason_is_too_long(
    visitor, path, invitation
):
    before = everything_stored()
    answer = visitor.submit(path, f"{path}decline/", reason="x" * 1001)
    assert "at most 1000 characters" in text_of(answer)
    assert everything_stored() == before


def test_what_people_wrote_is_shown_as_text(visitor, path, admin, sales):
    sales.partner.name = "<b>Bold & Co</b>"
    sales.partner.save()
    visitor.submit(
        path, f"{path}existing/", **{**STATED, "product_name": "<script>x</script>"}
    )
    page = text_of(visitor.get(path))
    assert "&lt;b&gt;Bold &amp; Co&lt;/b&gt;" in page
    assert "<b>Bold" not in page
    assert "<script>x" not in page
