"""The text that lists are searched in. Adding the columns rewrites both tables, about two seconds at full size."""

from django.db import migrations, models

from sessions_app.search import searchable

# unaccent() is not immutable, because its dictionary could change. Ours does not, so a stored column may use it.
CREATE = """
CREATE FUNCTION fold_for_search(text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(public.unaccent('public.unaccent'::regdictionary, $1))
"""


def column(*names: str) -> models.GeneratedField:
    return models.GeneratedField(expression=searchable(*names), output_field=models.TextField(), db_persist=True)


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0009_plain_labels")]

    operations = [
        migrations.RunSQL(CREATE, "DROP FUNCTION fold_for_search(text)"),
        migrations.AddField("series", "searched_text", column("title", "summary", "description", "audience_note")),
        migrations.AddField("session", "searched_text", column("title", "speakers")),
    ]
