from collections.abc import Iterator
from pathlib import Path

import pytest

from .workers import Team, team


@pytest.fixture
def workers(tmp_path: Path, transactional_db: None) -> Iterator[Team]:
    with team(tmp_path) as started:
        yield started
