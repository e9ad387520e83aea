import pytest
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.urls import reverse

from portal.foundation import health

from .test_guards import NOT_DELETED, drop_one
from .threads import in_a_thread

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(client):
    return lambda: client.get("/readyz")


def test_process_is_alive_when_it_answers(client):
    response = client.get(reverse("alive"))
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_only_read(client, path):
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200


def test_process_is_ready_when_the_database_is_migrated_and_guarded(ask):
    response = ask()
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]


def test_process_is_not_ready_when_a_guard_is_missing(ask):
    drop_one(NOT_DELETED)
    response = ask()
    assert response.status_code == 503
    assert response.json() == {"status": [f"the guard {NOT_DELETED} is missing"]}


def test_process_is_not_ready_when_a_migration_is_missing(ask):
    last = MigrationRecorder.Migration.objects.filter(app="relationships").latest("id")
    last.delete()
    response = ask()
    assert response.status_code == 503
    assert response.json() == {"status": ["migrations are missing"]}


def test_process_is_not_ready_when_the_database_does_not_answer(rf):
    def ask():
        connection = connections["default"]
        nowhere = {**connection.settings_dict, "NAME": "/nowhere/at-all"}
        connection.settings_dict = nowhere
        return health.ready(rf.get("/readyz"))

    response = in_a_thread(ask)
    assert response.status_code == 503
    assert b"the database does not answer" in response.content
    assert connection.settings_dict["NAME"] != "/nowhere/at-all"
