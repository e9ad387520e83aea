from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...services import upkeep
from ...services.clock import NotMoved


class Command(BaseCommand):
    help = "Moves everything that time moves; safe to run again and beside itself."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            moved = upkeep.run_clock()
        except NotMoved as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{moved['invitations']} invitations expired, "
            f"{moved['subscriptions']} moves of subscriptions."
        )
