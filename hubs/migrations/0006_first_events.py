from django.db import migrations

from hubs.history import add_first_events


class Migration(migrations.Migration):
    dependencies = [("hubs", "0005_team_logo_and_interest")]

    operations = [add_first_events("hubs.Hub", "hubs.Membership")]
