from django.db import connection

# Races need two writers at the same time, and SQLite has one. What it has to show, that
# writers wait for each other, is in tests/foundation. A skip here would look as if
# something had not been tested.
collect_ignore_glob = [] if connection.vendor == "postgresql" else ["test_*.py"]
