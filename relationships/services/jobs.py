"""What a person does to background work."""

from django.db import transaction

from portal.jobs import running
from portal.jobs.models import Job

from ..actors import Actor
from ..enums import Operation
from ..roles import Action
from .activity import record


@transaction.atomic
def run_again(job: Job, *, actor: Actor) -> Job:
    """Let a failed job begin anew. TransitionNotAllowed when it has not failed."""
    actor.require(Action.MANAGE_JOBS)
    job = running.run_again(job)
    record(
        Operation.RUN_JOB_AGAIN,
        job,
        actor=actor,
        old={"status": "failed"},
        new={"status": "waiting"},
    )
    return job
