from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...services.catalogue import import_catalogue


class Command(BaseCommand):
    help = "Takes over a price list (CSV) as products and offers; safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            with file.open(newline="", encoding="utf-8-sig") as lines:
                result = import_catalogue(lines)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(
            f"{result.products} new products, {result.new_offers} new offers, "
            f"{result.new_prices} new prices."
        )
        for offer in result.unnamed:
            self.stdout.write(f"Not in the list, and sold as before: {offer}")
