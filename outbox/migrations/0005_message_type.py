"""Names that a Django developer would look for. Renaming a column or a table takes a moment's lock and rewrites nothing."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("outbox", "0004_no_subject_of_codes")]

    operations = [
        migrations.RenameField("message", "kind", "message_type"),
        migrations.RenameModel("Pulse", "Heartbeat"),
    ]
