from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension
from django.db import migrations


def index(name: str) -> GinIndex:
    return GinIndex(fields=["searched_text"], opclasses=["gin_trgm_ops"], name=name)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sessions_app", "0011_searched_text_of_sessions")]

    operations = [
        TrigramExtension(),
        AddIndexConcurrently("series", index("series_by_text")),
        AddIndexConcurrently("session", index("session_by_text")),
    ]
