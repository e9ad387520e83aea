from django.db import migrations

from tests.protection.extra_migrations import LAST


def fill(apps, schema_editor):
    rows = apps.get_model("subscriptions", "Subscription").objects
    rows.exclude(channel="csp").update(friendly_name="Forwards")


class Migration(migrations.Migration):
    dependencies = [("subscriptions", LAST)]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
