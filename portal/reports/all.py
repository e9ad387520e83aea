"""The reports there are, as the index lists them."""

from .activity import ActivityReport
from .coexistence import CoexistenceReport
from .funnel import FunnelReport
from .integrity import IntegrityReport
from .relations import RelationshipsReport
from .renewals import RenewalsReport
from .report import Report
from .value import ValueReport

REPORTS: dict[str, Report] = {
    report.slug: report
    for report in (
        FunnelReport(),
        RelationshipsReport(),
        CoexistenceReport(),
        RenewalsReport(),
        ValueReport(),
        IntegrityReport(),
        ActivityReport(),
    )
}
