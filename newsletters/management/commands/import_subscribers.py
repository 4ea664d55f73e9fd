from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from newsletters.services.importing import ImportRefusedError, check, import_rows
from newsletters.subscriber_file import Row, SubscriberFileError, read


class Command(BaseCommand):
    help = (
        "Check a CSV file of subscribers with the proof of their consent, and say row by row what is wrong. With --write,"
        " import it. Nothing is written unless everything is right."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--write", action="store_true", help="import the file, if nothing is wrong with it")

    def handle(self, *args: Any, file: Path, write: bool, **options: Any) -> None:
        now = timezone.now()
        try:
            rows = read(file.read_bytes(), now=now)
            if write:
                outcome = import_rows(rows, by="import_subscribers", now=now)
                self.stdout.write(f"{file.name}: {outcome.added} subscribed, {outcome.known} were subscribed before.")
                return
            check(rows)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except SubscriberFileError as error:
            raise CommandError(f"{error} Nothing was written.") from error
        except ImportRefusedError:
            pass  # the rows say why
        self._report(file, rows)

    def _report(self, file: Path, rows: list[Row]) -> None:
        wrong = [row for row in rows if row.problems]
        if wrong:
            lines = [f"line {row.line}, {row.email or 'no address'}: {' '.join(row.problems)}" for row in wrong]
            raise CommandError(
                "\n".join([*lines, f"{len(wrong)} rows to correct in {file.name}; nothing was written."])
            )
        known = sum(row.is_known for row in rows)
        self.stdout.write(
            f"{file.name}: nothing is wrong. With --write, {len(rows) - known} would be subscribed; {known} are already."
        )
