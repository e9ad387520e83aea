"""How this file is opened: only SQLite has it so."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections, transaction

from relationships.models import Partner

from ..factories import PartnerFactory
from .threads import in_a_thread

WRITERS = 4
TURNS = 25


@pytest.mark.django_db(transaction=True)
def test_writers_wait_for_each_other_when_they_read_before_they_write():
    partner = PartnerFactory(link_generation=0)
    barrier = Barrier(WRITERS, timeout=10)

    def count_up() -> None:
        with transaction.atomic():
            row = Partner.objects.get(pk=partner.pk)
            row.link_generation += 1
            row.save(update_fields=["link_generation"])

    def write(_number: int) -> None:
        try:
            barrier.wait()
            for _turn in range(TURNS):
                count_up()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    partner.refresh_from_db()
    assert partner.link_generation == WRITERS * TURNS


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pragma", "value"),
    [("recursive_triggers", 1), ("journal_mode", "wal"), ("foreign_keys", 1)],
)
def test_every_connection_is_opened_alike(pragma, value):
    def ask():
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA {pragma}")
            return cursor.fetchone()[0]

    assert ask() == value
    assert in_a_thread(ask) == value
