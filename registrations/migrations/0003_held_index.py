from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The index is built beside a table in use, so that nobody's registration waits for it."""

    atomic = False
    dependencies = [("registrations", "0002_life_of_a_place")]

    operations = [
        AddIndexConcurrently(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("held_until__isnull", False)), fields=["held_until"], name="registration_held"
            ),
        ),
    ]
