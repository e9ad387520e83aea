import re

from django.conf import settings

from portal.api.numbers import INPUT, NUMBERS, number_of
from portal.foundation.guards import Guard, registered

NAMED = re.compile(r'code="(\w+)"')


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
    return rules | {code for file in files for code in NAMED.findall(file.read_text())}


def test_every_number_is_of_a_rule_that_is_there():
    assert set(NUMBERS) - codes_in_use() == set()


def test_rule_has_its_number_and_any_other_refusal_that_of_input():
    assert number_of("seats_not_reducible") == 800090
    assert number_of("reason") == INPUT
