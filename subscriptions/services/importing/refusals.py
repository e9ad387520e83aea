"""The refused rows as a file of their own: as they came, with the reason."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from portal.foundation.exports import Table, csv_response, harmless

from ...enums import RowOutcome
from ...models import Import, ImportRow
from .uploading import chunks_of


def refused_file(run: Import) -> StreamingHttpResponse:
    """The same to be downloaded, row by row."""
    rows = refused_rows(run)
    return csv_response(Table("refused", next(rows), rows))


def refused_rows(run: Import) -> Iterator[list[str]]:
    """The header and the rows, safe to be opened in a spreadsheet."""
    yield [*map(harmless, run.header), _("Line"), _("Reason")]
    refused = ImportRow.objects.filter(run=run, outcome=RowOutcome.REFUSED)
    for rows in chunks_of(run):
        lines = (rows[0][0], rows[-1][0])
        reasons = dict(refused.filter(line__range=lines).values_list("line", "reason"))
        for line, cells in rows:
            if line in reasons:
                blank = [""] * (len(run.header) - len(cells))
                cells = [harmless(cell) for cell in [*cells, *blank]]
                yield [*cells, str(line), reasons[line]]
