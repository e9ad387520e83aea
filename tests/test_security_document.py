"""docs/security.md names tests that exist, and one for every threat."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
DOCUMENT = (TESTS.parent / "docs" / "security.md").read_text()
ROWS = [
    line
    for line in DOCUMENT.splitlines()
    if line.startswith("| ") and line.count(" | ") == 2
]
THREATS = [row for row in ROWS if not row.startswith(("| attack |", "|---"))]
NAMED = sorted(set(re.findall(r"`([\w/]+\.py::\w+)`", DOCUMENT)))


def test_document_tells_of_many_threats():
    assert len(THREATS) > 50


@pytest.mark.parametrize("threat", THREATS)
def test_every_threat_has_a_test(threat):
    assert re.search(r"`[\w/]+\.py::test_\w+`", threat.split(" | ")[-1])


@pytest.mark.parametrize("named", NAMED)
def test_every_test_that_is_named_exists(named):
    file, name = named.split("::")
    assert re.search(rf"def {name}\(", (TESTS / file).read_text())
