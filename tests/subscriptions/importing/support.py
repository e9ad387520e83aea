"""Files and imports, as a person makes them."""

import io
from typing import Any

from openpyxl import Workbook

from relationships.actors import Actor
from subscriptions.models import Import
from subscriptions.services.importing.checking import check
from subscriptions.services.importing.recording import record_rows, start
from subscriptions.services.importing.uploading import choose_columns, upload

HEADER = "Microsoft ID,Subscription ID,Subscription,Quantity,Status,Reseller"


def table(*rows: str, header: str = HEADER, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO("\r\n".join([header, *rows, ""]).encode(encoding))


def workbook(*rows: list[Any]) -> io.BytesIO:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    content.seek(0)
    return content


def uploaded(actor: Actor, file: io.BytesIO, **options: Any) -> Import:
    return upload(file, "list.csv", actor=actor, **{"channel": "direct", **options})


def previewed(actor: Actor, file: io.BytesIO, **options: Any) -> Import:
    run = uploaded(actor, file, **options)
    run = choose_columns(run, actor=actor, columns=run.columns, day_first=run.day_first)
    return check(run, actor=actor)


def imported(actor: Actor, file: io.BytesIO, **options: Any) -> Import:
    run = previewed(actor, file, **options)
    start(run, actor=actor, leave_out_refused=True)
    return record_rows(run, actor=actor)


def outcomes(run: Import) -> list[str]:
    return list(run.rows.order_by("line").values_list("outcome", flat=True))


def reasons(run: Import) -> list[str]:
    return list(run.rows.order_by("line").values_list("reason", flat=True))
