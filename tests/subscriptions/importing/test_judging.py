import uuid
from datetime import UTC, datetime

import pytest

from portal.foundation import clock
from subscriptions.models import Subscription
from subscriptions.services.importing import checking, uploading
from subscriptions.services.observations import (
    Statement,
    record_observation,
    retract_observation,
)

from ... import stories
from ...factories import AdvisorFactory, CustomerFactory
from ...relationships.support import DAY, NOON
from .support import HEADER, imported, outcomes, previewed, reasons, table

pytestmark = pytest.mark.django_db


def line(customer, external_id="A-1", product="Office 365 E3", seats=25, more=""):
    return f"{customer.tenant_id},{external_id},{product},{seats},Active,{more}"


def observed(customer, **values):
    return stories.observation(customer, **{"external_id": "A-1", **values})


# New, unchanged, superseding


def test_row_that_is_not_recorded_is_new(operator, customer):
    assert outcomes(previewed(operator, table(line(customer)))) == ["new"]


def test_row_that_says_the_same_is_unchanged(operator, customer):
    known = observed(customer)
    run = previewed(operator, table(line(customer)))
    assert outcomes(run) == ["unchanged"]
    assert run.rows.get().known == known


def test_row_that_says_something_else_supersedes(operator, customer):
    known = observed(customer)
    run = previewed(operator, table(line(customer, seats=26)))
    assert outcomes(run) == ["supersedes"]
    assert run.rows.get().known == known


def test_row_supersedes_what_was_retracted_though_it_says_the_same(operator, customer):
    known = observed(customer)
    retract_observation(known, actor=operator, reason="x")
    run = previewed(operator, table(line(customer)))
    assert outcomes(run) == ["supersedes"]
    assert run.rows.get().known == known


def test_row_of_another_channel_or_tenant_is_new(operator, customer):
    observed(customer, channel="advisor")
    observed(CustomerFactory())
    assert outcomes(previewed(operator, table(line(customer)))) == ["new"]


def test_row_without_an_id_is_unchanged_when_a_current_row_says_the_same(
    operator, customer
):
    stories.observation(customer, external_id=None)
    file = table(line(customer, ""), line(customer, "", seats=26))
    assert outcomes(previewed(operator, file)) == ["unchanged", "new"]


def test_row_without_an_id_is_new_when_the_same_was_retracted(operator, customer):
    known = stories.observation(customer, external_id=None)
    retract_observation(known, actor=operator, reason="x")
    assert outcomes(previewed(operator, table(line(customer, "")))) == ["new"]


# What the file does not say

TOLD = {
    "status": "suspended",
    "term": "P1Y",
    "billing_plan": "annual",
    "commitment_ends_at": datetime(2027, 3, 1, tzinfo=UTC),
    "auto_renews": True,
    "friendly_name": "HQ",
    "por_name": "Northwind",
}
SHORT = "Subscription ID,Subscription,Quantity"
EMPTY = f"{SHORT},Status,Term,End date,Auto renew,Nickname,Reseller"


@pytest.mark.parametrize(("header", "more"), [(SHORT, ""), (EMPTY, ",,,,,,")])
def test_row_changes_nothing_when_it_says_less(operator, customer, header, more):
    known = observed(customer, **TOLD)
    file = table(f"A-1,Office 365 E3,25{more}", header=header)
    run = previewed(operator, file, customer=customer)
    assert outcomes(run) == ["unchanged"]
    assert run.rows.get().known == known


@pytest.mark.parametrize(("header", "more"), [(SHORT, ""), (EMPTY, ",,,,,,")])
def test_row_carries_what_it_does_not_say_when_it_supersedes(
    operator, customer, header, more
):
    observed(customer, **TOLD)
    file = table(f"A-1,Office 365 E3,26{more}", header=header)
    assert imported(operator, file, customer=customer).counts == {"supersedes": 1}
    rows = customer.subscriptions.current()
    assert rows.values("quantity", *TOLD).get() == {"quantity": 26, **TOLD}


def test_row_carries_nothing_from_what_was_retracted(operator, customer):
    known = observed(customer, **TOLD)
    retract_observation(known, actor=operator, reason="x")
    file = table("A-1,Office 365 E3,26", header=SHORT)
    imported(operator, file, customer=customer)
    row = customer.subscriptions.current().get()
    assert (row.supersedes, row.status, row.term) == (known, "active", "")
    assert row.por_name == "Northwind"


# Refused


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{tenant},A-1,,25,Active,", "Product: This is missing."),
        ("{tenant},A-1,Office,,Active,", "Seats: This is missing."),
        ("{tenant},A-1,Office,many,Active,", "Seats: “many” is not a number of seats."),
        ("{tenant},A-1,=1+1,25,Active,", "Product: It is a formula, not a value."),
        ("{tenant},A-1,Office,25,Lost,", "Status: “Lost” is not known here."),
        ("{tenant},A-1,Office,25,Active,,x", "It has more cells than the header."),
        (",A-1,Office,25,Active,", "Unknown tenant."),
        ("contoso,A-1,Office,25,Active,", "Unknown tenant."),
        (f"{uuid.UUID(int=0)},A-1,Office,25,Active,", "Unknown tenant."),
        (
            "{tenant},A-1,,x,Active,",
            "Product: This is missing. Seats: “x” is not a number of seats.",
        ),
    ],
)
def test_row_is_refused_with_its_reason(operator, customer, row, reason):
    file = table(row.format(tenant=customer.tenant_id), line(customer, "A-2"))
    run = previewed(operator, file)
    assert outcomes(run) == ["refused", "new"]
    assert reasons(run) == [reason, ""]


@pytest.mark.parametrize(
    ("channel", "reason"),
    [
        ("CSP", "It claims to be CSP: the portal itself keeps those."),
        ("Cloud Solution Provider", "It claims to be CSP: the portal itself keeps"),
        ("Advisor", "It says another channel than the import."),
    ],
)
def test_row_of_another_channel_is_refused(operator, customer, channel, reason):
    header = "Microsoft ID,Product,Seats,Channel"
    file = table(f"{customer.tenant_id},Office,1,{channel}", header=header)
    run = previewed(operator, file)
    assert outcomes(run) == ["refused"]
    assert reasons(run)[0].startswith(reason)


@pytest.mark.parametrize("channel", ["direct", "Direct from Microsoft", ""])
def test_row_may_say_the_channel_of_the_import(operator, customer, channel):
    header = "Microsoft ID,Product,Seats,Channel"
    file = table(f"{customer.tenant_id},Office,1,{channel}", header=header)
    assert outcomes(previewed(operator, file)) == ["new"]


def test_later_line_about_the_same_subscription_is_refused(operator, customer):
    other = CustomerFactory()
    file = table(
        line(customer, seats="x"),
        line(customer),
        line(customer, seats=26),
        line(other),
        line(customer),
        line(customer, ""),
        line(customer, ""),
    )
    run = previewed(operator, file)
    assert outcomes(run) == [
        *("refused", "new", "refused", "new", "refused", "new", "new"),
    ]
    assert reasons(run)[2] == "Line 3 names this subscription already."
    assert reasons(run)[4:] == [reasons(run)[2], "", ""]


def test_every_later_line_is_refused_when_there_are_many(
    operator, customer, monkeypatch
):
    monkeypatch.setattr(checking, "AT_ONCE", 2)
    file = table(*(line(customer, f"A-{n % 3}", seats=n) for n in range(9)))
    run = previewed(operator, file)
    assert outcomes(run) == ["new"] * 3 + ["refused"] * 6
    assert reasons(run)[8] == "Line 4 names this subscription already."


# Without an id


def without_id(customer, seats=25, product="Office 365 E3"):
    return line(customer, "", product, seats)


def test_rows_without_an_id_are_as_many_as_the_file_has(operator, customer):
    file = table(*[without_id(customer)] * 3, without_id(CustomerFactory()))
    assert imported(operator, file).counts == {"new": 4}
    file.seek(0)
    assert imported(operator, file).counts == {"unchanged": 4}
    more = table(*[without_id(customer)] * 4)
    assert imported(operator, more).counts == {"unchanged": 3, "new": 1}
    assert customer.subscriptions.current().count() == 4


def test_rows_without_an_id_are_counted_over_many_parts_of_a_file(
    operator, customer, monkeypatch
):
    monkeypatch.setattr(uploading, "CHUNK", 1)
    stories.observation(customer, external_id=None)
    file = table(*[without_id(customer)] * 3)
    assert imported(operator, file).counts == {"unchanged": 1, "new": 2}


def test_row_without_an_id_says_how_many_of_its_product_are_recorded(
    operator, customer
):
    for seats in (10, 11):
        stories.observation(customer, external_id=None, quantity=seats)
    stories.observation(customer, external_id="A-1")
    file = table(
        without_id(customer, 12),
        without_id(customer, 11),
        without_id(customer, 12, "Visio"),
        without_id(CustomerFactory(), 12),
    )
    run = previewed(operator, file)
    assert outcomes(run) == ["new", "unchanged", "new", "new"]
    assert reasons(run) == [
        "2 rows of this product without an id are recorded already.",
        *("", "", ""),
    ]
    assert run.beside_others == 1


# Whose


def test_tenant_is_found_by_its_domain(operator):
    customer = CustomerFactory(primary_domain="contoso.example")
    header = "Primary domain name,Product,Seats"
    file = table("Contoso.example,Office,1", "other.example,Office,1", header=header)
    run = previewed(operator, file)
    assert outcomes(run) == ["new", "refused"]
    assert run.rows.get(line=2).customer == customer


def test_tenant_id_decides_where_a_domain_stands_beside_it(operator, customer):
    other = CustomerFactory()
    header = "Primary domain name,Microsoft ID,Product,Seats"
    file = table(f"{other.primary_domain},{customer.tenant_id},A,1", header=header)
    assert previewed(operator, file).rows.get().customer == customer


def test_rows_of_a_file_without_tenants_are_the_chosen_customers(operator, customer):
    file = table("Office,1", header="Product,Seats")
    assert previewed(operator, file, customer=customer).rows.get().customer == customer
    file = table("Office,1", header="Product,Seats")
    assert reasons(previewed(operator, file)) == ["It names no tenant."]


def test_row_of_another_than_the_chosen_customer_is_refused(operator, customer):
    other = CustomerFactory()
    run = previewed(operator, table(line(other), line(customer)), customer=customer)
    assert outcomes(run) == ["refused", "new"]


@pytest.mark.parametrize("exists", [True, False])
def test_tenant_cannot_tell_whether_another_tenant_is_known(exists):
    admin = stories.tenant()
    other = CustomerFactory() if exists else CustomerFactory.build()
    header = "Microsoft ID,Primary domain name,Product,Seats"
    file = table(
        f"{other.tenant_id},,Office,1",
        f",{other.primary_domain},Office,1",
        "x,,Office,1",
        header=header,
    )
    run = previewed(admin, file)
    assert outcomes(run) == ["refused"] * 3
    assert set(reasons(run)) == {"Unknown tenant."}
    assert set(run.rows.values_list("customer", "known")) == {(None, None)}


# The Partner of Record


@pytest.mark.parametrize("said", ["", "northwind", "Northwind"])
def test_recorded_partner_is_carried(operator, customer, said):
    AdvisorFactory(name="Northwind", mpn_id="6000001")
    observed(customer, por_mpn_id="6000001")
    file = table(line(customer, more=said), line(customer, "A-2", more=said))
    assert outcomes(previewed(operator, file)) == ["unchanged", "new"]


def test_another_partner_is_held_back(operator, customer):
    observed(customer, por_name="Northwind")
    run = previewed(operator, table(line(customer, more="Litware")))
    assert outcomes(run) == ["por_case"]
    assert reasons(run) == ["Recorded: Northwind."]


def test_partner_where_nobody_was_recorded_is_held_back(operator, customer):
    observed(customer)
    run = previewed(operator, table(line(customer, more="Litware")))
    assert reasons(run) == ["Recorded: nobody."]


# The same as one by one

STATEMENTS = [
    {},
    {"quantity": 26},
    {"status": "expired", "term": "P1Y", "billing_plan": "annual"},
    {"por_mpn_id": "6000001"},
    {"por_mpn_id": "6000001", "por_name": "Northwind Ltd"},
    {"por_mpn_id": "7777777"},
    {"por_name": "Nobody Inc", "friendly_name": "HQ", "auto_renews": False},
    {"started_at": NOON, "commitment_ends_at": NOON + DAY, "auto_renews": True},
    {"external_id": None},
    {"external_id": None, "por_mpn_id": "6000001"},
]


def cell(value):
    return "" if value is None else str(getattr(value, "value", value))


def content(customer):
    """What is recorded for this customer, but for the keys."""
    rows = []
    for row in customer.subscriptions.order_by("recorded_at", "quantity"):
        values = Subscription.objects.values().get(pk=row.pk)
        chain = row.supersedes.quantity if row.supersedes else None
        rows.append({**values, "id": None, "customer_id": None, "supersedes_id": chain})
    return rows


@pytest.mark.parametrize("values", STATEMENTS)
def test_import_records_what_one_statement_records(operator, values):
    AdvisorFactory(name="Northwind", mpn_id="6000001")
    one, many = CustomerFactory(), CustomerFactory()
    statement = {
        "channel": "direct",
        "product_name": "Office 365 E3",
        "quantity": 25,
        "external_id": "A-1",
        **values,
    }
    for at, seats in ((NOON, 0), (NOON + DAY, 1), (NOON + 2 * DAY, 1)):
        said = {**statement, "quantity": statement["quantity"] + seats}
        file = table(",".join(map(cell, said.values())), header=",".join(said))
        with clock.at(at):
            record_observation(one, actor=operator, statement=Statement(**said))
            imported(operator, file, customer=many)
    assert content(many) == content(one)
    assert len(content(many)) == 2


def test_header_of_the_tests_is_the_reference_systems():
    assert HEADER.endswith("Subscription ID,Subscription,Quantity,Status,Reseller")
