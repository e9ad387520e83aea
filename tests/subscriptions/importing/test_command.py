import csv

import pytest
from django.core.management import CommandError, call_command

from subscriptions.models import Import, Subscription

from ... import stories
from ...factories import CustomerFactory
from ...relationships.support import unchanged
from .support import table

pytestmark = pytest.mark.django_db

COMMAND = "subscriptions.management.commands.import_subscriptions"


@pytest.fixture
def run(tmp_path, capsys):
    def run(*lines, options=(), **kind):
        file = tmp_path / "list.csv"
        file.write_bytes(table(*lines, **kind).getvalue())
        call_command("import_subscriptions", str(file), "--channel", "direct", *options)
        return capsys.readouterr().out.splitlines()

    return run


def line(customer, external_id="A-1", seats="25"):
    return f"{customer.tenant_id},{external_id},Office 365 E3,{seats},Active,"


def test_command_records_and_then_tells_that_nothing_is_new(operator, customer, run):
    stories.observation(customer, external_id="A-9")
    assert run(line(customer)) == [
        "1 rows: 1 new, 0 supersedes, 0 unchanged, 0 por case, 0 refused.",
        "Recorded here and not named: 1.",
        "Recorded: 1 rows.",
    ]
    assert run(line(customer))[-1] == "Recorded: 0 rows."
    assert Import.objects.first().created_by is not None


def test_command_acts_for_the_operator_that_it_names(operator, customer, run):
    second = stories.operator()
    run(line(customer), options=["--by", second.user.login.upper()])
    assert Import.objects.get().created_by == second.user
    with pytest.raises(CommandError, match="no such operator"):
        run(line(customer), options=["--by", "nobody"])


def test_command_records_nothing_when_rows_are_refused(operator, customer, run):
    before = Subscription.objects.count()
    with pytest.raises(CommandError, match="1 rows are refused") as caught:
        run(line(customer), line(customer, "A-2", "x"))
    assert caught.value.returncode == 1
    assert Subscription.objects.count() == before


def test_command_leaves_out_refused_rows_and_writes_them_down(
    operator, customer, run, tmp_path
):
    refused = tmp_path / "refused.csv"
    told = run(
        line(customer),
        *(line(customer, f"R-{n}", "x") for n in range(21)),
        options=["--leave-out-refused", "--refused-to", str(refused)],
    )
    assert told[2] == "Line 3: Seats: “x” is not a number of seats."
    assert told[-2:] == ["... and 1 more.", "Recorded: 1 rows."]
    with refused.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.reader(lines))
    assert (len(rows), rows[0][-1]) == (22, "Reason")


def test_dry_run_records_nothing(operator, customer, run):
    told = run(line(customer), options=["--dry-run"])
    assert told[-1] == "Nothing was recorded: this was the preview."
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("tenant", ["id", "domain"])
def test_command_takes_a_file_of_one_tenant(operator, customer, run, tenant):
    named = {"id": str(customer.tenant_id), "domain": customer.primary_domain}
    told = run(
        "Office;25;31.12.2026",
        header="Product;Paid;Ends",
        options=[
            *("--tenant", named[tenant].upper(), "--separator", "semicolon"),
            *("--day-first", "--encoding", "cp1252"),
            *("--column", "commitment_ends_at=Ends", "--column", "quantity=Paid"),
        ],
    )
    assert told[-1] == "Recorded: 1 rows."
    row = customer.subscriptions.get()
    assert (row.quantity, row.commitment_ends_at.year) == (25, 2026)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--tenant", "nobody.example"], "Unknown tenant: nobody.example."),
        (["--column", "quantity=Paid"], "--column quantity=Paid: the field is one of"),
        (["--column", "seats=Quantity"], "the field is one of tenant_id, "),
        (["--refused-to", "/nowhere/at/all.csv"], "/nowhere/at/all.csv: No such file"),
        (["--channel", "csp"], "invalid choice: 'csp'"),
    ],
)
def test_command_fails_with_one_line(operator, customer, run, options, words):
    with pytest.raises(CommandError) as caught:
        run(line(customer), options=options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Subscription.objects.exists()


def test_command_fails_when_the_file_cannot_be_read(operator, tmp_path):
    damaged = tmp_path / "list.xlsx"
    damaged.write_bytes(b"PK\x03\x04")
    for file, words in ((tmp_path / "none.csv", "No such file"), (damaged, "damaged")):
        with unchanged(), pytest.raises(CommandError, match=words):
            call_command("import_subscriptions", str(file), "--channel", "direct")


def test_command_needs_an_operator(customer, run):
    with unchanged(), pytest.raises(CommandError, match="no such operator"):
        run(line(customer))


def test_command_tells_when_what_is_recorded_changed_meanwhile(
    operator, run, monkeypatch
):
    customer = CustomerFactory(primary_domain="contoso.example")
    module = __import__(COMMAND, fromlist=["start"])
    start = module.start

    def start_late(*args, **kwargs):
        start(*args, **kwargs)
        customer.primary_domain = None
        customer.save()

    monkeypatch.setattr(module, "start", start_late)
    with pytest.raises(CommandError, match="changed meanwhile"):
        run("contoso.example,A,1", header="Domain,Product,Seats")
    assert not Subscription.objects.exists()
