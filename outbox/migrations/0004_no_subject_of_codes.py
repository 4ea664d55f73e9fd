"""A sign-in code stands in the subject of its email, so the ledger keeps no subject of it; those kept so far are blanked."""

from typing import Any

from django.db import migrations


def blank(apps: Any, schema_editor: Any) -> None:
    apps.get_model("outbox", "Message").objects.filter(kind="code").exclude(subject="").update(subject="")


class Migration(migrations.Migration):
    dependencies = [("outbox", "0003_indexes_by_class")]
    operations = [migrations.RunPython(blank, migrations.RunPython.noop, elidable=True)]
