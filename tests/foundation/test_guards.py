import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from portal.foundation import guards
from portal.foundation.guards import Effect, Guard, Rule
from portal.foundation.ruled import RuledModel
from relationships.models import CountryMarket, Partner
from relationships.protection import NEVER_DELETED, POR_UNTOUCHED

from ..factories import PartnerFactory

pytestmark = pytest.mark.django_db

PARTNER = "relationships_partner"
NOT_DELETED = "partner_not_deleted"
RULE = Rule("a_rule", "A sentence.")


@pytest.fixture
def extra(monkeypatch):
    """Register more triggers for one test, and have them installed."""
    monkeypatch.setattr(guards, "_triggers", dict(guards._triggers))
    monkeypatch.setattr(guards, "_rules", dict(guards._rules))

    def register(*triggers):
        guards.register(*triggers)
        guards.install()

    return register


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def drop_one(name):
    (trigger,) = (t for t in guards.registered() if t.name == name)
    for statement in trigger.drop_sql(connection.vendor):
        execute(statement)


def test_every_guard_is_installed_when_the_database_is_migrated():
    assert guards.registered()
    assert guards.missing() == []


def test_missing_names_a_guard_when_it_was_taken_off():
    drop_one(NOT_DELETED)
    assert guards.missing() == [NOT_DELETED]
    PartnerFactory().delete()
    assert not Partner.objects.exists()


def test_install_puts_back_what_was_taken_off_and_may_run_again():
    drop_one(NOT_DELETED)
    for _time in range(2):
        guards.install()
        assert guards.missing() == []
    with pytest.raises(ValidationError):
        PartnerFactory().delete()
    assert Partner.objects.exists()


def test_drop_takes_every_guard_off():
    guards.drop()
    assert guards.missing() == [trigger.name for trigger in guards.registered()]


def test_guards_are_off_inside_and_on_after_lifted():
    partner = PartnerFactory()
    with guards.lifted():
        assert len(guards.missing()) == len(guards.registered())
        partner.delete()
    assert guards.missing() == []
    assert not Partner.objects.exists()


def delete_all_and_fail():
    Partner.objects.all().delete()
    raise LookupError


def test_guards_are_on_and_nothing_is_written_when_lifted_fails():
    PartnerFactory()
    with pytest.raises(LookupError), guards.lifted():
        delete_all_and_fail()
    assert guards.missing() == []
    assert Partner.objects.count() == 1


def test_guard_refuses_where_its_condition_holds_and_only_there(extra):
    extra(
        Guard("no_gold", PARTNER, "INSERT", rule=RULE, when="NEW.name = 'Gold'"),
    )
    with pytest.raises(ValidationError) as caught:
        PartnerFactory(name="Gold")
    assert (caught.value.code, caught.value.messages) == ("a_rule", ["A sentence."])
    PartnerFactory(name="Silver")
    assert Partner.objects.get().name == "Silver"


def test_effect_runs_after_its_event(extra):
    insert = (
        "INSERT INTO relationships_countrymarket (country, market) "
        "VALUES ('XX', NEW.name)"
    )
    extra(Effect("partner_is_a_market", PARTNER, "INSERT", insert))
    PartnerFactory(name="Somewhere")
    assert CountryMarket.objects.get(country="XX").market == "Somewhere"
    assert guards.missing() == []


@pytest.mark.parametrize(
    "trigger",
    [
        Guard("waits_for_a_table", "no_such_table", "UPDATE", rule=RULE),
        Guard("waits_for_own_column", PARTNER, "UPDATE", rule=RULE, when="NEW.gone=1"),
        Guard(
            "waits_for_a_column_it_reads",
            PARTNER,
            "UPDATE",
            rule=RULE,
            reads={"accounts_user": ("gone",)},
        ),
    ],
    ids=lambda trigger: trigger.name,
)
def test_guard_waits_when_what_it_needs_is_not_there(extra, trigger):
    partner = PartnerFactory()
    extra(trigger)
    assert guards.missing() == [trigger.name]
    Partner.objects.update(name="Changed all the same")
    partner.refresh_from_db()
    assert partner.name == "Changed all the same"


def test_register_takes_the_same_guard_twice_and_no_other_by_its_name(extra):
    guard = Guard("one_name", PARTNER, "DELETE", rule=RULE)
    extra(guard, guard)
    assert guards.registered().count(guard) == 1
    with pytest.raises(ValueError, match="one_name"):
        guards.register(Guard("one_name", PARTNER, "UPDATE", rule=RULE))
    assert guard in guards.registered()


def test_register_refuses_a_name_that_postgresql_would_cut_short(extra):
    name = "n" * (63 - len("portal_guard__truncate"))
    extra(Guard(name, PARTNER, "DELETE", rule=RULE))
    with pytest.raises(ValueError, match="too long"):
        guards.register(Guard(name + "n", PARTNER, "DELETE", rule=RULE))


def test_broken_rule_is_told_from_another_constraint():
    partner = PartnerFactory()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Partner._base_manager.update(tenant_id=PartnerFactory().pk)
    assert guards.broken_rule(caught.value) == POR_UNTOUCHED
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Partner._base_manager.filter(pk=partner.pk).update(mpn_id="not digits")
    assert guards.broken_rule(caught.value) is None


def test_broken_rule_is_none_when_nobody_registered_it():
    assert guards.broken_rule(IntegrityError("portal_guard:of_another_time")) is None


def test_refusals_leave_the_transaction_usable_when_explained():
    partner = PartnerFactory()
    with pytest.raises(ValidationError) as caught, guards.refusals_explained():
        Partner._base_manager.filter(pk=partner.pk)._raw_delete("default")
    assert caught.value.code == NEVER_DELETED.name
    assert Partner.objects.get() == partner


def test_other_errors_stay_what_they_are_when_explained():
    partner = PartnerFactory()
    with pytest.raises(IntegrityError), guards.refusals_explained():
        Partner._base_manager.filter(pk=partner.pk).update(mpn_id="not digits")
    assert Partner.objects.get(pk=partner.pk).mpn_id == partner.mpn_id


def test_managers_cannot_delete_every_row_at_once():
    models = [m for m in RuledModel.__subclasses__() if not m._meta.abstract]
    assert models
    assert not [m for m in models if hasattr(m.objects, "delete")]
