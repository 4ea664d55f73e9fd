from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sessions_app", "0010_searched_text")]

    operations = [
        TrigramExtension(),
        AddIndexConcurrently(
            "series", GinIndex(fields=["searched_text"], opclasses=["gin_trgm_ops"], name="series_by_text")
        ),
    ]
