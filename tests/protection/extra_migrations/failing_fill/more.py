from django.db import migrations

from portal.foundation.operations import GuardedRunPython
from tests.protection.extra_migrations import LAST


def fill(apps, schema_editor):
    apps.get_model("subscriptions", "Subscription").objects.update(quantity=99)
    raise LookupError("The fill went wrong half-way.")


class Migration(migrations.Migration):
    dependencies = [("subscriptions", LAST)]
    operations = [GuardedRunPython(fill)]
