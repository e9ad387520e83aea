"""The worker that `make run` and `make serve` start beside the web process."""

import os
import signal
import sys

import pytest
from django_tasks import TaskResultStatus as Status

from portal.jobs.models import Job, Worker

from . import examples
from .examples import PATIENCE
from .workers import eventually, started

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_workers]


@pytest.fixture
def beside(tmp_path):
    """Starts some Python with a worker beside it."""
    processes = []

    def start(code):
        line = [".ci/beside", sys.executable, sys.executable, "-c", code]
        processes.append(started(tmp_path / "log", line))
        return processes[-1]

    yield start
    for process in processes:
        process.terminate()
        process.wait(PATIENCE)


def test_worker_ends_with_the_command_and_its_status_is_kept(beside, tmp_path):
    go_on = tmp_path / "go_on"
    code = f"""
import sys, time, pathlib
while not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.01)
sys.exit(3)
"""
    process = beside(code)
    try:
        eventually(Worker.objects.exists)
    finally:
        go_on.touch()
    assert process.wait(PATIENCE) == 3
    assert not Worker.objects.exists()


def test_both_end_when_told_and_the_worker_finishes_its_job(beside, tmp_path):
    began, release = tmp_path / "began", tmp_path / "release"
    examples.hold.enqueue(str(began), str(release))
    code = f"""
import time, pathlib
while not pathlib.Path({str(release)!r}).exists(): time.sleep(0.01)
"""
    process = beside(code)
    try:
        eventually(began.exists)
        process.terminate()
    finally:
        release.touch()
    process.wait(PATIENCE)
    held = Job.objects.get(task_path=examples.hold.module_path)
    assert (held.status, held.attempt) == (Status.SUCCESSFUL, 1)
    assert not Worker.objects.exists()


def test_worker_is_followed_by_another_when_it_was_killed(beside, tmp_path):
    go_on = tmp_path / "go_on"
    code = f"""
import time, pathlib
while not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.01)
"""
    process = beside(code)
    try:
        first = eventually(lambda: Worker.objects.first())
        os.kill(int(first.pk.split(":")[1]), signal.SIGKILL)
        eventually(lambda: Worker.objects.exclude(pk=first.pk).first())
    finally:
        go_on.touch()
    assert process.wait(PATIENCE) == 0
    assert not Worker.objects.exclude(pk=first.pk).exists()
