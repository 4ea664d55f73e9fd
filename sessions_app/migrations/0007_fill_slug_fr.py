"""Give each series that has a title in both languages a French slug, from its French title."""

import re
from itertools import count
from typing import Any

from django.db import migrations
from django.utils.text import slugify

BATCH = 500


def fill(apps: Any, schema_editor: Any) -> None:
    """In batches, each committed by itself: pages are served meanwhile, and a run that was cut off goes on where it stopped."""
    Series = apps.get_model("sessions_app", "Series")
    taken = {slug for pair in Series.objects.order_by().values_list("slug", "slug_fr") for slug in pair}
    lacking = Series.objects.filter(slug_fr=None).exclude(title_en="").exclude(title_fr="").order_by("pk")
    last = 0
    while batch := list(lacking.filter(pk__gt=last).only("pk", "title_fr")[:BATCH]):
        last = batch[-1].pk
        for series in batch:
            wanted = slugify(re.sub("['’]", "-", series.title_fr))[:80].rstrip("-")
            if not wanted:
                continue
            series.slug_fr = next(s for n in count(1) if (s := wanted if n == 1 else f"{wanted}-{n}") not in taken)
            taken.add(series.slug_fr)
        Series.objects.bulk_update(batch, ["slug_fr"])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("sessions_app", "0006_series_slug_fr")]

    operations = [
        # the column goes with 0006, and its slugs with it
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
