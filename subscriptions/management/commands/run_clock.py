from typing import Any

from django.core.management.base import BaseCommand

from ...services import upkeep


class Command(BaseCommand):
    help = "Moves everything that time moves; safe to run again and beside itself."

    def handle(self, *args: Any, **options: Any) -> None:
        moved = upkeep.run_clock()
        self.stdout.write(
            f"{moved['invitations']} invitations expired, "
            f"{moved['subscriptions']} moves of subscriptions."
        )
