from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...services import upkeep


class Command(BaseCommand):
    help = (
        "Re-reads every relationship's existing subscriptions and compares their "
        "fingerprint with the one from the start. Exit status 1 on a mismatch."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        result = upkeep.verify_existing()
        self.stdout.write(
            f"{result.intact} verified unchanged, "
            f"{result.empty} with nothing to verify, {len(result.broken)} different."
        )
        if result.broken:
            raise CommandError(result.complaint)
