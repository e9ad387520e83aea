"""Another value for any column of the portal."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models

ANOTHER = {
    models.UUIDField: [uuid.uuid4()],
    models.BigAutoField: [4_000_000],
    models.PositiveIntegerField: [42, 43],
    models.BooleanField: [True, False],
    models.DateTimeField: [datetime(2031, 1, 1, tzinfo=UTC)],
    models.CharField: ["another"],
    models.TextField: ["another"],
    models.JSONField: [{"another": 1}],
}


def another_value(field: models.Field, was: Any) -> Any:
    """As this database writes it; what a foreign key leads to is checked later."""
    if field.is_relation:
        field = field.target_field
    values = [choice for choice, _label in field.choices or []] or ANOTHER[type(field)]
    written = [field.get_db_prep_save(value, connection) for value in values]
    return next(value for value in written if value != was)
