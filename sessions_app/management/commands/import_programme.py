from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sessions_app import programme_file


def _date(text: str) -> date:
    return date.fromisoformat(text)


class Command(BaseCommand):
    help = "Load a program file (YAML, CSV or XLSX). Says line by line what is wrong, and writes nothing unless all is right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--starting", type=_date, metavar="DATE", help="move the first session to DATE, all others with it"
        )

    def handle(self, *args: Any, file: Path, starting: date | None, **options: Any) -> None:
        try:
            outcome = programme_file.write(*programme_file.read(file, starting=starting))
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except programme_file.ProgrammeFileError as error:
            count = len(error.complaints)
            raise CommandError(
                "\n".join([*error.complaints, f"{count} to correct in {file.name}; nothing was written."])
            ) from error
        self.stdout.write(
            f"{file.name}: {outcome.created} series created, {outcome.changed} changed, {outcome.unchanged} unchanged. "
            "See them under /en/sessions/ or in the admin."
        )
