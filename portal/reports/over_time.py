"""How many relationships there were, day by day: one rule for tiles and reports.

A relationship that begins at a moment counts at it; one that ends then does not.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, F, Q
from django.db.models.functions import TruncMonth


def active_at(relationships: Any, moments: Sequence[datetime]) -> list[int]:
    """How many were active at each of these moments; one query."""
    counts = relationships.aggregate(
        **{
            f"at_{index}": Count(
                "pk",
                filter=Q(established_at__lte=moment)
                & (Q(ended_at=None) | Q(ended_at__gt=moment)),
            )
            for index, moment in enumerate(moments)
        }
    )
    return list(counts.values())


def by_month(rows: Any, field: str, start: datetime, end: datetime) -> dict[Any, int]:
    """How many rows have this moment in each month of the span, by its first day."""
    of_span = rows.filter(**{f"{field}__gte": start, f"{field}__lt": end}).order_by()
    counted = of_span.values(month=TruncMonth(F(field), tzinfo=UTC))
    found = counted.annotate(count=Count("pk"))
    return {row["month"].date(): row["count"] for row in found}
