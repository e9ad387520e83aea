from django.db import migrations, models

from tests.protection.extra_migrations import LAST


class Migration(migrations.Migration):
    """SQLite rebuilds each of these tables: guarded ones, and ones that guards read."""

    dependencies = [("subscriptions", LAST)]
    operations = [
        migrations.AlterField(
            "Subscription",
            "friendly_name",
            models.CharField(max_length=120, blank=True),
        ),
        migrations.AlterField(
            "SeatEntry",
            "unit_price",
            models.DecimalField(max_digits=14, decimal_places=2),
        ),
        migrations.AddField(
            "Order", "note", models.CharField(max_length=9, default="")
        ),
    ]
