from typing import Any

from django.core.management.base import BaseCommand, CommandError

from relationships.models import ResellerRelationship

from ...snapshots import verify


class Command(BaseCommand):
    help = (
        "Re-reads every relationship's existing subscriptions and compares their "
        "fingerprint with the one from the start. Exit status 1 on a mismatch."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        intact = empty = 0
        broken = []
        for relationship in ResellerRelationship.objects.iterator(chunk_size=500):
            verification = verify(relationship)
            if not verification.is_intact:
                broken.append(str(relationship.pk))
            elif verification.has_nothing_to_verify:
                empty += 1
            else:
                intact += 1
        self.stdout.write(
            f"{intact} verified unchanged, {empty} with nothing to verify, "
            f"{len(broken)} different."
        )
        if broken:
            raise CommandError("The fingerprint differs: " + ", ".join(broken))
