from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sessions_app", "0007_fill_slug_fr")]

    operations = [
        AddIndexConcurrently(
            model_name="series",
            index=models.Index(fields=["publication"], condition=models.Q(has_postponed=True), name="series_postponed"),
        ),
        AddIndexConcurrently(
            model_name="series",
            index=models.Index(
                "publication",
                models.F("first_starts_at").desc(nulls_last=True),
                "slug",
                include=["is_cancelled", "is_concluded", "has_postponed", "last_ends_at"],
                name="series_by_start",
            ),
        ),
        AddIndexConcurrently(
            model_name="session",
            index=models.Index(fields=["ends_at"], name="session_by_end"),
        ),
    ]
