import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.foundation import clock

from ...benchmark.filling import NotEmptyError, Size, fill


class Command(BaseCommand):
    help = (
        "Fills an empty portal with customers and subscriptions of every channel and "
        "24 months of history, for benchmarks; a broken run is taken up again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--customers", type=int, required=True, metavar="N")
        parser.add_argument("--subscriptions", type=int, required=True, metavar="N")
        parser.add_argument(
            "--force",
            action="store_true",
            help="also outside DEBUG; nobody can sign in",
        )

    def handle(self, *args: Any, force: bool, **options: Any) -> None:
        size = Size(options["customers"], options["subscriptions"])
        if not (settings.DEBUG or force):
            raise CommandError("Benchmark data is for DEBUG=on only (or --force).")
        if size.customers < 1 or size.subscriptions < 0:
            raise CommandError("At least one customer, and no negative number.")
        self.began = time.monotonic()
        try:
            fill(size, clock.now(), self._tell)
        except NotEmptyError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Done in {time.monotonic() - self.began:.0f} s.")

    def _tell(self, done: int, total: int) -> None:
        seconds = time.monotonic() - self.began
        self.stdout.write(f"{done} of {total} customers, {seconds:.0f} s")
