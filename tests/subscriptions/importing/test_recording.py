import io

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from portal.foundation import clock
from relationships.enums import NoticeKind
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, Notice
from subscriptions.models import Import, ImportChunk, PorCase, Subscription
from subscriptions.services.importing import recording, uploading
from subscriptions.services.importing.checking import check
from subscriptions.services.importing.recording import record_rows, start
from subscriptions.services.importing.refusals import refused_rows
from subscriptions.services.importing.uploading import choose_columns
from subscriptions.services.upkeep import run_clock

from ... import stories
from ...factories import CustomerFactory
from ...relationships.support import DAY, NOON, denied, refused, unchanged
from .support import imported, outcomes, previewed, table, uploaded

pytestmark = pytest.mark.django_db


def line(customer, external_id="A-1", seats=25, reseller=""):
    return f"{customer.tenant_id},{external_id},Office 365 E3,{seats},Active,{reseller}"


def mapped(run, actor):
    return choose_columns(run, actor=actor, columns=run.columns, day_first=False)


# Recorded


def test_import_records_new_and_superseding_rows_and_knows_them(operator, customer):
    known = stories.observation(customer, external_id="A-1")
    before = Subscription.objects.values().get(pk=known.pk)
    file = table(line(customer, seats=26), line(customer, "A-2"))
    with clock.at(NOON):
        run = imported(operator, file)
    first, second = customer.subscriptions.current().order_by("external_id")
    assert (first.quantity, first.supersedes, second.supersedes) == (26, known, None)
    assert {first.recorded_at, second.recorded_at, run.finished_at} == {NOON}
    assert not first.stated_by_customer
    assert set(run.retractable()) == {first, second}
    assert first.imported.run == run
    assert (run.state, run.counts) == ("done", {"new": 1, "supersedes": 1})
    assert Subscription.objects.values().get(pk=known.pk) == before


def test_operator_is_told_when_it_has_ended(operator, customer):
    unknown = line(CustomerFactory.build(), "A-3")
    run = imported(operator, table(line(customer), line(customer, "A-2"), unknown))
    (notice,) = Notice.objects.filter(kind=NoticeKind.IMPORT_FINISHED)
    assert (notice.recipient, notice.path) == (operator.user, run.get_absolute_url())
    assert notice.data == {"recorded": 2, "refused": 1}


def test_same_file_twice_records_nothing_new(operator, customer):
    lines = [line(customer), line(customer, "A-2"), line(customer, "")]
    imported(operator, table(*lines))
    rows = list(Subscription.objects.order_by("pk").values())
    again = imported(operator, table(*lines))
    assert list(Subscription.objects.order_by("pk").values()) == rows
    assert again.counts == {"unchanged": 3}


def test_rows_are_recorded_over_many_parts_of_a_file(operator, customer, monkeypatch):
    monkeypatch.setattr(uploading, "CHUNK", 3)
    progress = []
    lines = [line(customer, f"A-{n}") for n in range(8)]
    run = previewed(operator, table(*lines))
    assert run.chunks.count() == 3
    start(run, actor=operator)
    record_rows(run, actor=operator, progress=lambda *at: progress.append(at))
    assert progress == [(3, 8), (6, 8), (8, 8)]
    assert customer.subscriptions.count() == 8


def test_log_tells_of_the_file_and_of_each_customer(operator, customer):
    other = CustomerFactory()
    run = imported(operator, table(line(customer), line(customer, "2"), line(other)))
    told = ActivityRecord.objects.filter(operation="import_subscriptions")
    assert {(row.customer, row.new_value["new"]) for row in told} == {
        (None, 3),
        (customer, 2),
        (other, 1),
    }
    assert {row.resource_id for row in told} == {str(run.pk)}
    assert {row.actor for row in told} == {operator.user}


def test_tenants_import_is_its_own_statement():
    admin = stories.tenant()
    file = table("Office,1", header="Product,Seats")
    run = imported(admin, file)
    assert admin.customer.subscriptions.get().stated_by_customer
    assert (run.customer, run.stated_by_customer) == (admin.customer, True)


def test_tenants_import_is_for_itself_whatever_is_asked(customer):
    admin = stories.tenant()
    run = uploaded(admin, table("A,1", header="Product,Seats"), customer=customer)
    assert run.customer == admin.customer


# All or nothing


def test_nothing_is_recorded_when_it_breaks_off_at_the_end(
    operator, customer, monkeypatch
):
    monkeypatch.setattr(uploading, "CHUNK", 1)
    run = previewed(operator, table(line(customer), line(customer, "A-2")))
    start(run, actor=operator)
    breaks = recording._Recording.tell

    def tell(self):
        breaks(self)
        raise ConnectionError

    monkeypatch.setattr(recording._Recording, "tell", tell)
    with unchanged(), pytest.raises(ConnectionError):
        record_rows(run, actor=operator)
    monkeypatch.undo()
    assert record_rows(run, actor=operator).counts == {"new": 2}


def test_refused_rows_stay_out_only_when_somebody_said_so(operator, customer):
    run = previewed(operator, table(line(customer), line(customer, "A-2", "x")))
    with refused("refused_rows"):
        start(run, actor=operator)
    start(run, actor=operator, leave_out_refused=True)
    run = record_rows(run, actor=operator)
    assert run.counts == {"new": 1, "refused": 1}
    assert customer.subscriptions.count() == 1


def test_import_is_shown_anew_when_more_rows_are_refused_than_in_the_preview(
    operator,
):
    customer = CustomerFactory(primary_domain="contoso.example")
    header = "Primary domain,Product,Seats"
    file = table("contoso.example,A,1", "contoso.example,B,x", header=header)
    run = previewed(operator, file)
    start(run, actor=operator, leave_out_refused=True)
    customer.primary_domain = None
    customer.save()
    run = record_rows(run, actor=operator)
    assert (run.state, run.changed_meanwhile) == ("checked", True)
    assert run.counts == {"refused": 2}
    assert not Subscription.objects.exists()


def test_row_that_was_recorded_meanwhile_is_unchanged(operator, customer):
    run = previewed(operator, table(line(customer), line(customer, "A-2")))
    start(run, actor=operator)
    imported(operator, table(line(customer)))
    run = record_rows(run, actor=operator)
    assert run.counts == {"new": 1, "unchanged": 1}
    assert outcomes(run) == ["unchanged", "new"]
    assert customer.subscriptions.count() == 2


def test_repeated_line_stays_out_when_it_is_recorded(operator, customer, monkeypatch):
    monkeypatch.setattr(uploading, "CHUNK", 1)
    run = imported(operator, table(line(customer), line(customer, seats=26)))
    assert run.counts == {"new": 1, "refused": 1}
    assert customer.subscriptions.get().quantity == 25


# Once


def test_import_is_started_and_recorded_once(operator, customer):
    run = imported(operator, table(line(customer)))
    with unchanged():
        start(run, actor=operator)
        record_rows(run, actor=operator)
        check(run, actor=operator)


def test_second_click_on_start_is_the_first(operator, customer):
    run = previewed(operator, table(line(customer)))
    start(run, actor=operator)
    with unchanged():
        start(run, actor=operator)


def test_import_is_not_started_before_its_preview(operator, customer):
    run = uploaded(operator, table(line(customer)))
    with denied(TransitionNotAllowed):
        start(run, actor=operator)
    with unchanged():
        record_rows(run, actor=operator)


def test_preview_begun_again_counts_each_row_once(operator, customer):
    run = mapped(uploaded(operator, table(line(customer))), operator)
    judge = check(run, actor=operator)
    Import.objects.update(state="checking")
    again = check(run, actor=operator)
    assert judge.counts == again.counts == {"new": 1}
    assert run.rows.count() == 1


# Columns


def test_columns_can_be_corrected_until_it_is_started(operator, customer):
    file = table("Office,25,26", header="Product,Seats,Paid seats")
    run = previewed(operator, file, customer=customer)
    columns = {"product_name": 0, "quantity": 2}
    run = choose_columns(run, actor=operator, columns=columns, day_first=False)
    run = check(run, actor=operator)
    start(run, actor=operator)
    with denied(TransitionNotAllowed):
        choose_columns(run, actor=operator, columns=columns, day_first=False)
    record_rows(run, actor=operator)
    assert customer.subscriptions.get().quantity == 26


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"product_name": 0},
        {"product_name": 0, "quantity": 0},
        {"product_name": 0, "quantity": 9},
        {"product_name": 0, "quantity": -1},
    ],
)
def test_columns_are_refused_when_they_cannot_be(operator, customer, columns):
    run = uploaded(operator, table(line(customer)))
    with refused("columns"):
        choose_columns(run, actor=operator, columns=columns, day_first=False)


# Files


@pytest.mark.parametrize("channel", ["csp", "retail", ""])
def test_csp_is_not_imported_nor_an_unknown_channel(operator, channel):
    with refused("channel"):
        uploaded(operator, table("x"), channel=channel)


def test_file_over_the_limit_is_refused(operator, settings):
    settings.IMPORT_MEGABYTES = 0
    with refused("file") as caught:
        uploaded(operator, table("x"))
    assert "more than 0 MB" in caught.value.messages[0]


def test_file_with_a_header_alone_is_refused(operator):
    with refused("file"):
        uploaded(operator, table())


def test_file_name_is_kept_without_what_cannot_be_shown(operator):
    file = table("x")
    run = uploading.upload(file, "a\x00\n\ud800é.csv", actor=operator, channel="direct")
    assert run.file_name == "aé.csv"


def test_refused_rows_are_given_with_their_reasons(operator, customer):
    file = table(
        line(customer),
        f"{customer.tenant_id},A-2,-2+3,x",
        header="Microsoft ID,Subscription ID,=Product,Quantity,Product",
    )
    run = previewed(operator, file)
    header, row = refused_rows(run)
    assert header[2:] == ["'=Product", "Quantity", "Product", "Line", "Reason"]
    assert row[2:4] == ["'-2+3", "x"]
    assert row[-2] == "3"
    assert "not a number of seats" in row[-1]


def test_rows_that_the_file_does_not_name_are_listed(operator, customer):
    names = ["A-1", "A-2", "A-3"]
    rows = [stories.observation(customer, external_id=name) for name in names]
    stories.observation(customer, channel="advisor")
    stories.observation(CustomerFactory())
    file = table(line(customer), line(customer, "A-2", "x"), line(customer, "A-9"))
    run = previewed(operator, file)
    with unchanged():
        assert list(run.unnamed()) == [rows[2]]
    start(run, actor=operator, leave_out_refused=True)
    run = record_rows(run, actor=operator)
    assert list(run.unnamed()) == [rows[2]]


def test_file_is_forgotten_after_a_while_and_what_it_recorded_stays(
    operator, customer, settings
):
    settings.JOB_HISTORY_DAYS = 1
    with clock.at(NOON):
        done = imported(operator, table(line(customer)))
        waiting = previewed(operator, table(line(customer, "A-2")))
    with clock.at(NOON + DAY):
        run_clock()
        assert waiting.chunks.exists()
    with clock.at(NOON + DAY + DAY):
        run_clock()
    for run in (done, waiting):
        assert not run.chunks.exists()
        assert not run.rows.exists()
    assert done.retractable().count() == 1
    with denied(TransitionNotAllowed):
        start(waiting, actor=operator)
    with denied(TransitionNotAllowed):
        mapped(waiting, operator)


# Who may


@pytest.mark.parametrize("role", ["admin_agent", "sales_agent", "report_viewer"])
def test_staff_of_a_partner_imports_nothing(customer, role):
    agent = stories.staff(role=role)
    stories.relationship(stories.staff(agent.partner), stories.tenant(customer))
    with denied(PermissionDenied):
        uploaded(agent, table("x"))


def test_tenant_does_not_go_on_with_somebody_elses_import(operator, customer):
    admin, other = stories.tenant(customer), stories.tenant()
    file = table("A,1", header="Product,Seats")
    run = previewed(operator, file, customer=customer)
    file.seek(0)
    own = previewed(admin, file)
    for actor, foreign in ((admin, run), (other, own), (stories.staff(), own)):
        assert not Import.objects.visible_to(actor).filter(pk=foreign.pk).exists()
        for verb in (start, record_rows, check):
            with denied(PermissionDenied):
                verb(foreign, actor=actor)
        with denied(PermissionDenied):
            mapped(foreign, actor)
    assert list(Import.objects.visible_to(admin)) == [own]
    assert set(Import.objects.visible_to(operator)) == {run, own}


def test_upload_that_fails_leaves_nothing(operator):
    content = io.BytesIO(b"Product,Seats\nA,1\n\x00")
    with unchanged(), pytest.raises(ValidationError):
        uploaded(operator, content)
    assert not ImportChunk.objects.exists()


def test_preview_writes_no_observation_and_no_case(operator, customer):
    stories.observation(customer, external_id="A-1", por_name="Northwind")
    before = Subscription.objects.count()
    previewed(operator, table(line(customer, reseller="x"), line(customer, "A-2")))
    assert Subscription.objects.count() == before
    assert not PorCase.objects.exists()
