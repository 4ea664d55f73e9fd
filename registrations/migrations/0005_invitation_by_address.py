from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """How many invitations an address got today is asked whenever someone is invited. Built beside a table in use."""

    atomic = False
    dependencies = [("registrations", "0004_announced")]

    operations = [
        AddIndexConcurrently(
            model_name="invitation",
            index=models.Index(fields=["email", "created_at"], name="invitation_by_address"),
        ),
    ]
