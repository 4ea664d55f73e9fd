from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from echo_portal.checkout import sample


class Command(BaseCommand):
    help = "Load sample data: --scale 1 for a small program, --scale 100 for the size that the portal is built for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scale", type=int, default=1, metavar="N")
        parser.add_argument("--once", action="store_true", help="do nothing if sample data is already loaded")

    def handle(self, *args: Any, scale: int, once: bool, **options: Any) -> None:
        was_loaded = sample.is_loaded()
        if once and was_loaded:
            return
        now = timezone.now()
        sample.load_handful(now)
        if scale > 1:
            if User.objects.filter(email="sample0@echo.example.ca").exists():
                raise CommandError(
                    "Sample data at a larger scale is already loaded. To start over, remove var/ and try again."
                )
            sample.load_many(scale, now, self.stdout.write)
        elif was_loaded:
            self.stdout.write("Sample data is already loaded. To start over, remove var/ and try again.")
            return
        self.stdout.write(
            "Sample data is loaded. Open /en/sessions/, or sign in to the admin with the address that `make run` prints."
        )
