"""Whether this process is alive, and whether it can serve."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import guards


@never_cache
@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 with what is wrong: no database, missing migrations or missing guards."""
    try:
        problems = _problems()
    except DatabaseError:
        problems = ["the database does not answer"]
    status = 503 if problems else 200
    return JsonResponse({"status": problems or "ok"}, status=status)


def _problems() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        return ["migrations are missing"]
    return [f"the guard {name} is missing" for name in guards.missing()]
