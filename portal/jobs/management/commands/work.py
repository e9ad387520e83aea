import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ...worker import Work


class Command(BaseCommand):
    help = (
        "Does the background work: e-mail, what time moves, checks. Start as many as "
        "you like. SIGTERM lets it finish the job that it has; a second one does not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--interval",
            type=float,
            default=1,
            help="seconds between two looks at an empty queue (default: %(default)s)",
        )
        parser.add_argument(
            "--until-empty",
            action="store_true",
            help="end when nothing is due any more",
        )

    def handle(
        self, *args: Any, interval: float, until_empty: bool, **options: Any
    ) -> None:
        work = Work(interval=interval, until_empty=until_empty)

        def stop(number: int, frame: Any) -> None:
            signal.signal(number, signal.SIG_DFL)
            work.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        work.run()
