"""Whether this process is alive, and whether it can serve."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import guards

_watching: list[Callable[[], list[str]]] = []


def register(warnings: Callable[[], list[str]]) -> None:
    """Floors above tell `ready` what to warn of."""
    _watching.append(warnings)


@never_cache
@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 with what is wrong: no database, missing migrations or missing guards.

    `warnings` tell of what keeps nobody from being served, such as missing workers.
    """
    try:
        problems = _problems()
        warnings = [] if problems else [text for ask in _watching for text in ask()]
    except DatabaseError:
        problems, warnings = ["the database does not answer"], []
    told = {"status": problems or "ok"} | ({"warnings": warnings} if warnings else {})
    return JsonResponse(told, status=503 if problems else 200)


def _problems() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        return ["migrations are missing"]
    return [f"the guard {name} is missing" for name in guards.missing()]
