import ast

from django.conf import settings

from portal.api.numbers import INPUT, NUMBERS, number_of
from portal.foundation.guards import Guard, registered

# What cannot be taken as it was given, and has no number of its own there.
PLAIN = {
    *("agreement", "agreement_in_the_future", "asker", "expiry", "owner", "reason"),
    *(
        "already_invited",
        "already_linked",
        "not_transacting",
        "one_transacting_partner",
    ),
    *("link_in_subject", "link_missing", "placeholder_unknown", "recipient"),
    *(
        "changes_nothing",
        "no_lines",
        "overlap",
        "other_tenant",
        "wrong_tenant",
        "taken",
    ),
    *("catalogue", "channel", "code", "columns", "file", "refused_rows", "rows"),
    *("webhook_address", "webhook_events"),
    # kept by the database for the portal itself
    *("approval_stays_as_asked", "ended_once", "history_is_append_only"),
}


def codes_in_use():
    """The rules of the database, and what the services call their refusals."""
    rules = {
        trigger.rule.name for trigger in registered() if isinstance(trigger, Guard)
    }
    files = [
        file
        for app in ("relationships", "subscriptions")
        for file in (settings.BASE_DIR / app).rglob("*.py")
        if "migrations" not in file.parts
    ]
    return rules.union(*(codes_of(file.read_text()) for file in files))


def codes_of(source):
    """Every word that stands in a call's `code=` or `violation_error_code=`."""
    return {
        part.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.keyword)
        and node.arg in {"code", "violation_error_code"}
        for part in ast.walk(node.value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def test_every_number_is_of_a_rule_that_is_there():
    assert set(NUMBERS) - codes_in_use() == set()


def test_every_refusal_has_a_number_or_is_plain_input():
    assert codes_in_use() - set(NUMBERS) - PLAIN == set()
    assert PLAIN - codes_in_use() == set()
    assert PLAIN & set(NUMBERS) == set()


def test_rule_has_its_number_and_any_other_refusal_that_of_input():
    assert number_of("seats_not_reducible") == 800090
    assert number_of("reason") == INPUT
