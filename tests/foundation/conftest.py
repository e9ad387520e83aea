from django.db import connection

# What only one of the databases has is collected for that one alone: to skip it on the
# other would look as if something had not been tested.
ONLY_ON = {
    "sqlite": ["test_writers_on_sqlite.py"],
    "postgresql": ["test_superuser_on_postgresql.py"],
}
collect_ignore = [
    name
    for vendor, names in ONLY_ON.items()
    if vendor != connection.vendor
    for name in names
]
