from django.db import migrations

from hubs.history import add_first_events


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0013_order_of_questions")]

    operations = [add_first_events("sessions_app.Series", "sessions_app.Session", "sessions_app.Question")]
