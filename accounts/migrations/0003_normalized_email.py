from typing import Any

from django.db import migrations
from django.db.models import F
from django.db.models.functions import Lower

import accounts.fields


def normalize(apps: Any, schema_editor: Any) -> None:
    """Lower-case what an earlier correction left in capitals. No two differ in case only: a constraint has seen to that."""
    User = apps.get_model("accounts", "User")
    User.objects.exclude(email=Lower("email")).update(email=Lower("email"))


def forget_old_addresses(apps: Any, schema_editor: Any) -> None:
    """An address corrected in the admin left the old one able to sign in: allauth's row for it goes."""
    EmailAddress = apps.get_model("account", "EmailAddress")
    EmailAddress.objects.exclude(email=F("user__email")).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_profile_in_full"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        # First the rows, then the field: the field lower-cases what it looks for.
        migrations.RunPython(normalize, migrations.RunPython.noop),
        migrations.RunPython(forget_old_addresses, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=accounts.fields.NormalizedEmailField(
                error_messages={"unique": "Another account has this email address."},
                max_length=254,
                unique=True,
                verbose_name="email address",
            ),
        ),
    ]
