from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built beside the table in use, so that no email waits for it."""

    atomic = False
    dependencies = [("outbox", "0008_bulk_sends")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("bulk_send__isnull", False)),
                fields=["bulk_send", "state", "id"],
                name="message_by_bulk_send",
            ),
        ),
    ]
