"""Posts that no page offers: refused, and every stored row is as it was."""

from typing import Any

import pytest

from relationships.models import StaffMembership

from .office import Office, desk, everything, list_url, url
from .pages import TRANSITIONS, VIEW

pytestmark = pytest.mark.django_db

FORGED = {
    "channel": "csp",
    "quantity": "1",
    "por_name": "Forged",
    "por_mpn_id": "1",
    "partner_of_record": "",
    "status": "accepted",
    "product_name": "Forged",
    "friendly_name": "Forged",
    "ended_at_0": "2020-01-01",
    "ended_at_1": "00:00:00",
    "established_at_0": "2020-01-01",
    "existing_fingerprint": "1:forged",
    "tenant_id": "00000000-0000-0000-0000-000000000001",
    "link_generation": "9",
    "operation": "delete_record",
    "unit_price": "0.01",
    "_save": "Save",
}
PARTNER_FIELDS = (
    "name",
    "mpn_id",
    "country",
    "currency",
    "contact_email",
    "contact_phone",
    "website",
)
# What a form may change, by the role that has it.
MANAGED = {
    "admin_agent": {"customer", "invitation", "webhookendpoint"},
    "operator": {
        *("customer", "partner", "user", "staffmembership", "tenantmembership"),
        *("countrymarket", "product", "productalias", "offer"),
    },
}


@pytest.fixture(params=["admin_agent", "operator"])
def desk_and_role(request: Any, office: Office, operator: Any) -> Any:
    if request.param == "operator":
        return operator, "operator"
    return desk(office.staff), request.param


@pytest.fixture
def forged(office: Office, other: Office) -> dict[str, str]:
    """With the ids of another partner's rows."""
    names = {
        "partner": "partner",
        "customer": "customer",
        "relationship": "resellerrelationship",
        "invitation": "invitation",
        "offer": "offer",
        "user": "user",
        "created_by": "user",
    }
    return {**FORGED, **{name: str(other.rows[key].pk) for name, key in names.items()}}


def test_change_forms_refuse_what_nobody_edits(office, desk_and_role, forged):
    client, role = desk_and_role
    before = everything()
    for name in set(VIEW) - MANAGED[role]:
        answer = client.post(url(office.rows[name]), forged)
        assert answer.status_code in {403, 404}, name
    assert everything() == before


def test_deletion_is_refused_for_what_nobody_deletes(office, desk_and_role):
    client, role = desk_and_role
    before = everything()
    kept = set(VIEW)
    if role == "operator":
        kept -= {"staffmembership", "tenantmembership", "countrymarket", "productalias"}
    for name in kept:
        answer = client.post(url(office.rows[name], "delete"), {"post": "yes"})
        assert answer.status_code == 403, name
    for name in kept:
        row = office.rows[name]
        data = {"action": "delete_selected", "_selected_action": [row.pk]}
        client.post(list_url(row), {**data, "post": "yes"})
    assert everything() == before


def test_adding_is_refused_for_what_the_services_write(office, desk_and_role, forged):
    client, role = desk_and_role
    before = everything()
    added = MANAGED[role] - ({"customer"} if role == "operator" else set())
    own_forms = {"invitation", "productalias", "import", "existingsubscription"}
    for name in set(VIEW) - added - own_forms:
        answer = client.post(list_url(office.rows[name], "add"), forged)
        assert answer.status_code == 403, name
    assert everything() == before


def test_lists_have_no_fields_to_post(office, desk_and_role, forged):
    client, _role = desk_and_role
    before = everything()
    for name in VIEW:
        row = office.rows[name]
        rows = {
            "form-TOTAL_FORMS": "1",
            "form-INITIAL_FORMS": "1",
            "form-0-id": row.pk,
            **{f"form-0-{key}": value for key, value in forged.items()},
        }
        client.post(list_url(row), {**rows, **forged})
    assert everything() == before


def test_customer_form_ignores_what_is_not_in_it(office, other, forged):
    before = everything()
    client = desk(office.staff)
    data = {
        **forged,
        "company_name": "Forged",
        "country": "XX",
        "origin": "provisioned",
    }
    answer = client.post(url(office.customer), data)
    assert answer.status_code == 302
    after = everything()
    changed = [
        (old, new)
        for old, new in zip(
            before["relationships.Customer"],
            after["relationships.Customer"],
            strict=True,
        )
        if old != new
    ]
    assert len(changed) == 1
    old, new = changed[0]
    differing = {name for name in old if old[name] != new[name]}
    assert differing == {"contact_name", "contact_email", "contact_phone"}


def test_invitation_page_ignores_all_but_the_text(office, forged):
    before = everything()["relationships.Invitation"]
    client = desk(office.staff)
    body = f"Dear all, {office.invitation.url}"
    data = {**forged, "subject": "Another subject", "body": body}
    assert client.post(url(office.invitation), data).status_code == 302
    after = everything()["relationships.Invitation"]
    changed = [
        {name for name in new if new[name] != old[name]}
        for old, new in zip(before, after, strict=True)
    ]
    assert sorted(changed, key=len) == [set()] * (len(before) - 1) + [
        {"subject", "body"}
    ]


def test_operator_corrects_only_what_the_partner_form_shows(office, operator, forged):
    tenant_id = office.partner.tenant_id
    data = {
        **{name: getattr(office.partner, name) for name in PARTNER_FIELDS},
        "is_csp_transacting": "on",
        "change_reason": "A new name",
        "name": "Zebrano Renamed",
        "tenant_id": forged["tenant_id"],
        "link_generation": "9",
    }
    answer = operator.post(url(office.partner), data)
    assert answer.status_code == 302
    office.partner.refresh_from_db()
    assert office.partner.name == "Zebrano Renamed"
    assert office.partner.tenant_id == tenant_id
    assert office.partner.link_generation == 1


@pytest.mark.parametrize(
    "role", ["helpdesk_agent", "executive_report_viewer", "report_viewer"]
)
def test_buttons_are_refused_to_roles_that_lack_the_right(office, role):
    actor = office.actor(role)
    client = desk(actor)
    before = everything()
    for (model, page), action in TRANSITIONS.items():
        if actor.may(action):
            continue
        data = {"reason": "Because", "quantity": "9", "shown": "5", "stamp": "1"}
        for answer in (
            client.get(url(office.rows[model], page)),
            client.post(url(office.rows[model], page), data),
        ):
            assert answer.status_code in {403, 404}, (model, page)
    assert everything() == before


def test_subscriptions_are_not_reached_by_the_other_lists_buttons(office, operator):
    sales = desk(office.staff)
    before = everything()
    existing, csp = office.existingsubscription, office.cspsubscription
    for page in ("seats", "suspend", "reactivate", "rename"):
        address = url(csp, page).replace(str(csp.pk), str(existing.pk))
        data = {"quantity": "9", "shown": "25", "friendly_name": "Forged"}
        assert sales.post(address, data).status_code == 404
    address = url(existing, "retract").replace(str(existing.pk), str(csp.pk))
    assert operator.post(address, {"reason": "Because"}).status_code == 404
    assert everything() == before


def test_staff_cannot_give_itself_a_role(office, forged):
    client = desk(office.actor("sales_agent"))
    own = StaffMembership.objects.get(partner=office.partner, role="sales_agent")
    before = everything()
    data = {"role": "admin_agent", "user": own.user_id, "partner": own.partner_id}
    assert client.post(url(own), data).status_code == 404
    assert client.post(list_url(own, "add"), data).status_code == 403
    assert everything() == before
