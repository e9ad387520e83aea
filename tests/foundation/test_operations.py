import pytest
from django.db import connection
from django.db.migrations.state import ProjectState

from portal.foundation import guards
from portal.foundation.operations import GuardedRunPython

pytestmark = pytest.mark.django_db


def run(operation, direction):
    """What the executor does; the migrations of the suite do it from end to end."""
    editor = connection.schema_editor()
    getattr(operation, f"database_{direction}")(
        "relationships", editor, ProjectState(), ProjectState()
    )


@pytest.mark.parametrize("direction", ["forwards", "backwards"])
def test_guards_are_lifted_for_the_fill_on_postgresql_only(direction):
    seen = []

    def look(apps, schema_editor):
        seen.append(len(guards.missing()))

    run(GuardedRunPython(look, look), direction)
    lifted = len(guards.registered()) if connection.vendor == "postgresql" else 0
    assert seen == [lifted]
    assert guards.missing() == []


def test_guards_are_back_when_the_fill_failed():
    def fail(apps, schema_editor):
        raise LookupError

    with pytest.raises(LookupError):
        run(GuardedRunPython(fail), "forwards")
    assert guards.missing() == []
