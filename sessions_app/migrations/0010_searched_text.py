"""The text that lists are searched in: a series' own and that of its sessions, in one column, without capitals and accents.

The database keeps it, as it keeps the dates of a series (0002). Adding the columns takes about two seconds at full size.
"""

from django.db import migrations, models

from sessions_app.search import searchable

# In the order in which saving a session locks the two tables, so that an edit and this migration cannot block each other.
LOCK = "LOCK TABLE sessions_app_session, sessions_app_series IN ACCESS EXCLUSIVE MODE"

# unaccent() is not immutable, because its dictionary could change. Ours does not, so a stored column may use it.
FOLD = """
CREATE FUNCTION fold_for_search(text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(public.unaccent('public.unaccent'::regdictionary, $1))
"""

# The text of one series' sessions. Empty parts are left out, so that sessions without text write nothing.
TEXT = """
    SELECT coalesce(string_agg(nullif(concat_ws(E'\\n',
        nullif(title_en, ''), nullif(title_fr, ''), nullif(speakers_en, ''), nullif(speakers_fr, '')
    ), ''), E'\\n' ORDER BY id), '')
    FROM sessions_app_session WHERE series_id = series.id
"""
KEEP_TEXT = f"""
CREATE FUNCTION keep_sessions_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions_app_series AS series SET sessions_text = ({TEXT})
    WHERE sessions_text <> ({TEXT}) AND id IN (
        CASE WHEN TG_OP <> 'INSERT' THEN OLD.series_id END,
        CASE WHEN TG_OP <> 'DELETE' THEN NEW.series_id END
    );
    RETURN NULL;
END $$;

CREATE TRIGGER keep_sessions_text AFTER INSERT OR DELETE OR UPDATE OF series_id, title_en, title_fr, speakers_en, speakers_fr
    ON sessions_app_session FOR EACH ROW EXECUTE FUNCTION keep_sessions_text();

UPDATE sessions_app_series AS series SET sessions_text = ({TEXT}) WHERE sessions_text <> ({TEXT});
"""  # noqa: S608 - nothing in it comes from outside
FORGET_TEXT = "DROP TRIGGER keep_sessions_text ON sessions_app_session; DROP FUNCTION keep_sessions_text();"


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0009_plain_labels")]

    operations = [
        migrations.RunSQL(LOCK, migrations.RunSQL.noop),
        migrations.RunSQL(FOLD, "DROP FUNCTION fold_for_search(text)"),
        migrations.AddField("series", "sessions_text", models.TextField(default="", db_default="", editable=False)),
        migrations.RunSQL(KEEP_TEXT, FORGET_TEXT),
        migrations.AddField(
            "series",
            "searched_text",
            models.GeneratedField(
                expression=searchable("title", "summary", "description", "audience_note"),
                output_field=models.TextField(),
                db_persist=True,
            ),
        ),
    ]
