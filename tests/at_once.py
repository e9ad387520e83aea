"""Jobs done at once, in the process of the test: for tests of what causes them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import transaction
from django_tasks.signals import task_enqueued

from portal.jobs import running


def _run_after_commit(task_result: Any, **kwargs: Any) -> None:
    transaction.on_commit(partial(running.run_waiting, "test"), robust=True)


@contextmanager
def jobs_at_once() -> Iterator[None]:
    """Instead of a worker: what is enqueued is done right after the commit."""
    key = uuid.uuid4()
    task_enqueued.connect(_run_after_commit, dispatch_uid=key)
    try:
        yield
    finally:
        task_enqueued.disconnect(dispatch_uid=key)
