"""The operator's list of background work, and running it again."""

import pytest
from django_tasks import TaskResultStatus as Status

from portal.jobs import running
from portal.jobs.models import Job

from ..jobs import examples
from .office import everything, list_url, messages, text, url

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]


@pytest.fixture
def failed():
    result = examples.give_up.enqueue()
    running.run_waiting("one")
    return Job.objects.get(pk=result.id)


def listed(operator, **query):
    rows = operator.get(list_url(Job), query).context["cl"].queryset
    return {(str(job), job.status) for job in rows}


def test_list_shows_what_waits_runs_is_done_and_has_failed(operator, failed, tmp_path):
    examples.fail.enqueue()
    began, release = tmp_path / "began", tmp_path / "release"
    release.touch()
    examples.hold.enqueue(str(began), str(release))
    running.run_waiting("two")
    examples.write.enqueue(str(began), "line")
    running.take_next("three")
    job = Job.objects.running().get()
    job.note_progress(3, 10)
    examples.write.enqueue(str(began), line="later")
    page = text(operator.get(list_url(Job)))
    for words in ("Failed", "It makes no sense.", "Done", "Running", "3 of 10"):
        assert words in page
    assert "Waits for its next attempt" in page
    assert "LookupError: as expected" in page
    assert ">Waiting<" in page


def test_list_is_filtered_by_state_and_by_kind(operator, failed):
    examples.fail.enqueue()
    assert listed(operator, state="FAILED") == {("Give up", Status.FAILED)}
    assert listed(operator, what=examples.fail.module_path) == {("Fail", Status.READY)}
    both = {("Give up", Status.FAILED), ("Fail", Status.READY)}
    assert listed(operator, state="unknown") == both
    assert listed(operator, what="unknown") == both


def test_page_tells_where_it_failed_and_what_was_given(operator, failed):
    examples.write.enqueue("file", line="first")
    page = text(operator.get(url(failed)))
    assert "GiveUp: It makes no sense." in page
    assert "Run again" in page
    waiting = text(operator.get(url(Job.objects.get(status=Status.READY))))
    assert "file, line=first" in waiting
    assert "Run again" not in waiting


def test_failed_job_runs_again_when_the_operator_says_so(operator, failed):
    answer = operator.post(url(failed, "run-again"), follow=True)
    assert messages(answer) == ["It will run again: Give up."]
    failed.refresh_from_db()
    assert (failed.status, failed.attempt) == (Status.READY, 0)
    record = everything()["relationships.ActivityRecord"][-1]
    assert (record["resource_type"], record["resource_id"]) == ("job", str(failed.pk))
    assert record["new_value"] == {"status": "waiting"}


def test_second_click_is_refused_and_changes_nothing(operator, failed):
    operator.post(url(failed, "run-again"))
    before = everything()
    answer = operator.post(url(failed, "run-again"))
    assert "Only a job that has failed is run again." in text(answer)
    assert everything() == before


def test_all_that_failed_run_again_at_once_and_others_are_skipped(operator, failed):
    also = examples.give_up.enqueue()
    running.run_waiting("one")
    waiting = examples.fail.enqueue()
    ticked = [failed.pk, also.id, waiting.id]
    data = {"action": "again", "_selected_action": ticked}
    answer = operator.post(list_url(Job), data, follow=True)
    [said] = messages(answer)
    assert said.startswith("2 will run again, 1 skipped: Fail: Only a job that has")
    assert set(Job.objects.values_list("status", flat=True)) == {Status.READY}
