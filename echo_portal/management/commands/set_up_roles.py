from typing import Any

from django.contrib.auth.models import Permission
from django.core.management import BaseCommand, CommandError

from echo_portal.roles import ROLES, set_up_roles


class Command(BaseCommand):
    help = "Create or update the staff groups and their permissions."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            set_up_roles()
        except Permission.DoesNotExist as error:
            raise CommandError("The database is not up to date. Run `manage.py migrate` first.") from error
        self.stdout.write(f"The groups are ready: {', '.join(ROLES)}.")
