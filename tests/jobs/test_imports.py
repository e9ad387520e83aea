"""An import goes on with another worker when its own is killed, and records once."""

import pytest
from django_tasks import TaskResultStatus as Status

from portal.jobs.models import Job
from subscriptions.models import Import, ImportRow, Subscription
from subscriptions.services.importing.background import (
    begin,
    check_in_background,
    preview,
    record_in_background,
)
from subscriptions.services.importing.checking import check
from subscriptions.services.importing.uploading import choose_columns

from .. import stories
from ..factories import CustomerFactory
from ..subscriptions.importing.support import table, uploaded
from .workers import eventually, jobs_are_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_workers]

ROWS = 10_000


@pytest.fixture
def operator():
    return stories.operator()


@pytest.fixture
def run(operator):
    lines = [f"Office,{n},A-{n}" for n in range(1, ROWS + 1)]
    file = table(*lines, header="Product,Seats,Subscription ID")
    return uploaded(operator, file, customer=CustomerFactory())


def is_taken_up_again(workers, first, task, state):
    first.kill()
    assert Job.objects.get().status == Status.RUNNING
    assert not Subscription.objects.exists()
    workers.start()
    eventually(jobs_are_over)
    job = Job.objects.get(task_path=task.module_path)
    assert (job.status, job.attempt) == (Status.SUCCESSFUL, 2)
    assert Import.objects.get().state == state


def test_preview_begins_anew_when_its_worker_is_killed(workers, operator, run):
    preview(run, actor=operator, columns=run.columns, day_first=False)
    first = workers.start()
    eventually(ImportRow.objects.exists)
    is_taken_up_again(workers, first, check_in_background, "checked")
    assert ImportRow.objects.count() == ROWS
    assert Import.objects.get().counts == {"new": ROWS}


def test_import_is_recorded_once_when_its_worker_is_killed(workers, operator, run):
    choose_columns(run, actor=operator, columns=run.columns, day_first=False)
    check(run, actor=operator)
    begin(run, actor=operator)
    first = workers.start()
    eventually(Job.objects.filter(status=Status.RUNNING).exists)
    is_taken_up_again(workers, first, record_in_background, "done")
    assert Subscription.objects.count() == ROWS
    assert run.observations.count() == ROWS
