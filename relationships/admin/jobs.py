"""The operator's view of background work."""

from typing import Any

import django_tasks_db.admin  # noqa: F401 -- registers a list for everybody's staff
from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from portal.foundation import clock
from portal.foundation.admin import Transition, in_bulk
from portal.foundation.filters import ChoiceFilter
from portal.jobs.defining import registry
from portal.jobs.models import Job

from ..roles import Action
from ..services.jobs import run_again
from .base import PortalModelAdmin, badge

STATES = {
    TaskResultStatus.READY: ("wait", _("Waiting")),
    TaskResultStatus.RUNNING: ("wait", _("Running")),
    TaskResultStatus.SUCCESSFUL: ("ok", _("Done")),
    TaskResultStatus.FAILED: ("bad", _("Failed")),
}
NEXT_ATTEMPT = ("warn", _("Waits for its next attempt"))

admin.site.unregister(DBTaskResult)


class StateFilter(ChoiceFilter):
    title = _("state")
    parameter_name = "state"
    options = [(str(status), label) for status, (_kind, label) in STATES.items()]

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        return queryset.filter(status=value)


class KindFilter(ChoiceFilter):
    title = _("what")
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(path, task.label) for path, task in registry.items()]

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        return queryset.filter(task_path=value)


@admin.register(Job)
class JobAdmin(PortalModelAdmin):
    """Rows come with their causes and go with time."""

    scoped = False
    view_action = Action.MANAGE_JOBS
    list_title = _("Background jobs")
    when_empty = _(
        "No job waits, runs or has failed. They come by themselves, and go with time."
    )
    list_display = (
        "__str__",
        "state",
        "progress",
        "tries",
        "enqueued_at",
        "next_at",
        "finished_at",
        "reason",
    )
    list_filter = (StateFilter, KindFilter)
    ordering = ("-enqueued_at",)
    search_fields = ("reason", "task_path")
    fields = (
        "state",
        "progress",
        "tries",
        "reason",
        "arguments",
        "enqueued_at",
        "next_at",
        "started_at",
        "finished_at",
        "workers",
        "details",
    )
    actions = ("again",)
    transitions = (
        Transition(
            "run-again",
            _("Run again"),
            Action.MANAGE_JOBS,
            run_again,
            question=_(
                "%(object)s: it begins anew as soon as a worker is free. An e-mail "
                "that may have been sent is sent, perhaps for the second time."
            ),
            done=_("It will run again: %(object)s."),
            is_possible=lambda job: job.has_failed,
            why_not=lambda job: str(_("Only a job that has failed is run again.")),
        ),
    )

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return self._may(request, Action.MANAGE_JOBS)

    @admin.action(description=_("Run again"), permissions=["manage"])
    def again(self, request: HttpRequest, queryset: Any) -> None:
        actor = request.actor  # type: ignore[attr-defined]
        done = str(_("will run again"))
        in_bulk(self, request, queryset, lambda job: run_again(job, actor=actor), done)

    @admin.display(description=_("state"), ordering="status")
    def state(self, job: Job) -> str:
        waits = job.waits_for_next_attempt
        kind, label = NEXT_ATTEMPT if waits else STATES[TaskResultStatus(job.status)]
        return badge(kind, str(label))

    @admin.display(description=_("attempts"), ordering="attempt")
    def tries(self, job: Job) -> str:
        return str(_("%(attempt)s of %(attempts)s")) % {
            "attempt": job.attempt,
            "attempts": job.attempts,
        }

    @admin.display(description=_("next attempt"), ordering=F("run_after").asc())
    def next_at(self, job: Job) -> Any:
        return job.run_after if self._is_delayed(job) else ""

    def _is_delayed(self, job: Job) -> bool:
        return bool(
            job.status == TaskResultStatus.READY and job.run_after > clock.now()
        )

    @admin.display(description=_("given"))
    def arguments(self, job: Job) -> str:
        given = job.args_kwargs
        named = (f"{name}={value}" for name, value in given["kwargs"].items())
        return ", ".join([*map(str, given["args"]), *named])

    @admin.display(description=_("workers"))
    def workers(self, job: Job) -> str:
        return ", ".join(job.worker_ids)

    @admin.display(description=_("where it failed"))
    def details(self, job: Job) -> str:
        if not job.traceback:
            return ""
        return format_html('<pre tabindex="0">{}</pre>', job.traceback)
