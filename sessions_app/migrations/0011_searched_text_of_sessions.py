"""The same for sessions, in a transaction of its own: saving a session locks the tables in the other order."""

from django.db import migrations, models

from sessions_app.search import searchable


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0010_searched_text_of_series")]

    operations = [
        migrations.AddField(
            "session",
            "searched_text",
            models.GeneratedField(
                expression=searchable("title", "speakers"), output_field=models.TextField(), db_persist=True
            ),
        ),
    ]
