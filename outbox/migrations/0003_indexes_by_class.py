from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built beside the table in use, so that no mail waits for them."""

    atomic = False
    dependencies = [("outbox", "0002_outbox_in_full")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "queued")),
                fields=["is_bulk", "not_before", "id"],
                name="message_due_by_class",
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("as_sent__isnull", False)), fields=["settled_at"], name="message_kept"
            ),
        ),
        RemoveIndexConcurrently(
            model_name="message",
            name="message_due",
        ),
    ]
