"""The queue of django-tasks-db, whose rows know attempts and progress here."""

from typing import Any

from django_tasks.utils import normalize_json
from django_tasks_db.backend import DatabaseBackend

from .defining import JobTask


class JobBackend(DatabaseBackend):
    task_class: Any = JobTask

    def _task_to_db_task(self, task: Any, args: Any, kwargs: Any) -> Any:
        from .models import Job, due_now

        return Job.objects.create(
            id=self._get_id(),
            args_kwargs=normalize_json({"args": args, "kwargs": kwargs}),
            priority=task.priority,
            task_path=task.module_path,
            queue_name=task.queue_name,
            # Not the library's last of all days: it would come after every retry.
            run_after=task.run_after or due_now(),
            backend_name=self.alias,
        )
