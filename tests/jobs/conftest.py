from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from portal.foundation import clock
from portal.jobs.defining import registry
from portal.jobs.models import Schedule

from .workers import Team, team


@pytest.fixture
def workers(tmp_path: Path, transactional_db: None) -> Iterator[Team]:
    """Unless a test says so, nothing is due: only its own jobs are there."""
    later = clock.now() + timedelta(days=1)
    names = [path for path, task in registry.items() if task.every]
    Schedule.objects.bulk_create(Schedule(name, later) for name in names)
    with team(tmp_path) as started:
        yield started
