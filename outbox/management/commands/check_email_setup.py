from pathlib import Path
from typing import Any

import dns.exception
import dns.resolver
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from outbox.email_setup import complaints


class Command(BaseCommand):
    help = "Say what is missing of SPF, DKIM and DMARC for the address that service mail comes from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--message", type=Path, help="a mail as it arrived (.eml), whose signature is looked at")

    def handle(self, *args: Any, **options: Any) -> None:
        sender, path = settings.SERVICE_FROM_EMAIL, options["message"]
        if path and not path.is_file():
            raise CommandError(f"There is no file {path}. Save a mail that arrived, headers and all, and name it.")
        message = path.read_bytes() if path else b""
        found = complaints(sender, txt=txt_records, selector=settings.EMAIL_DKIM_SELECTOR, message=message)
        for sentence in found:
            self.stdout.write(f"- {sentence}")
        self.stdout.write(f"{sender}: {len(found)} to look at." if found else f"{sender}: all is well.")


def txt_records(name: str) -> list[str]:
    """Raises CommandError where no name server answers: that is no answer, not a missing record."""
    try:
        answer = dns.resolver.resolve(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise CommandError(
            f"{name} could not be looked up ({type(error).__name__}). Try again with a network."
        ) from error
    return [b"".join(record.strings).decode(errors="replace") for record in answer]
