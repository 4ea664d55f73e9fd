from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built beside the table in use, so that no email waits for them."""

    atomic = False
    dependencies = [("outbox", "0009_index_of_bulk_sends")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("is_bulk", True), ("state", "queued")),
                fields=["bulk_send", "not_before", "id"],
                name="message_bulk_due",
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "sent")), fields=["to", "settled_at"], name="message_sent_to"
            ),
        ),
    ]
