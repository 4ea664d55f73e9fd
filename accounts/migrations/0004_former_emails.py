import django.contrib.postgres.fields
from django.db import migrations

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_normalized_email"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="former_emails",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=accounts.fields.NormalizedEmailField(max_length=254),
                blank=True,
                default=list,
                editable=False,
                size=None,
            ),
        ),
    ]
