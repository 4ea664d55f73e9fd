from django.db import migrations

from hubs.history import add_first_events


class Migration(migrations.Migration):
    dependencies = [("registrations", "0009_hub_messages_and_history")]

    operations = [add_first_events("registrations.Registration")]
