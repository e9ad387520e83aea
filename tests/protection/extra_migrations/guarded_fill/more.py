from django.db import migrations, models

from portal.foundation.operations import GuardedRunPython
from tests.protection.extra_migrations import LAST


def name(friendly_name):
    def fill(apps, schema_editor):
        rows = apps.get_model("subscriptions", "Subscription").objects
        rows.exclude(channel="csp").update(friendly_name=friendly_name)

    return fill


class Migration(migrations.Migration):
    """Fills a guarded column, in one transaction with a change of its table."""

    dependencies = [("subscriptions", LAST)]
    operations = [
        migrations.AddField(
            "Subscription", "note", models.CharField(max_length=9, null=True)
        ),
        GuardedRunPython(name("Forwards"), name("Backwards")),
    ]
