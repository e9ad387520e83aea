from typing import Any

from django.core.management.base import BaseCommand

from portal.accounts import history, throttling
from relationships.actors import Actor

from ...services import clock


class Command(BaseCommand):
    help = "Moves everything that time moves; safe to run again and beside itself."

    def handle(self, *args: Any, **options: Any) -> None:
        moved = clock.run(actor=Actor.clock())
        throttling.forget_ended()
        history.forget_old()
        self.stdout.write(
            f"{moved['invitations']} invitations expired, "
            f"{moved['subscriptions']} moves of subscriptions."
        )
