"""The database keeps each series' first start, last start, last end and "has a postponed session" from its sessions.

So a status, a list and a filter read one row, and no writer of sessions (admin, import, bulk) can forget to keep them.
Postponed and cancelled sessions give no dates.
"""

from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations

KEEP_DATES = """
CREATE FUNCTION keep_series_dates() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint;
BEGIN
    FOR touched IN
        SELECT DISTINCT id FROM unnest(ARRAY[
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.series_id END,
            CASE WHEN TG_OP <> 'DELETE' THEN NEW.series_id END
        ]) AS id WHERE id IS NOT NULL
    LOOP
        UPDATE sessions_app_series SET
            (first_starts_at, last_starts_at, last_ends_at, has_postponed) = (
                SELECT
                    min(starts_at) FILTER (WHERE delivery NOT IN ('cancelled', 'postponed')),
                    max(starts_at) FILTER (WHERE delivery NOT IN ('cancelled', 'postponed')),
                    max(ends_at) FILTER (WHERE delivery NOT IN ('cancelled', 'postponed')),
                    coalesce(bool_or(delivery = 'postponed'), false)
                FROM sessions_app_session WHERE series_id = touched
            )
        WHERE sessions_app_series.id = touched;
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_series_dates AFTER INSERT OR DELETE OR UPDATE OF series_id, starts_at, ends_at, delivery
    ON sessions_app_session FOR EACH ROW EXECUTE FUNCTION keep_series_dates();
"""
FORGET_DATES = "DROP TRIGGER keep_series_dates ON sessions_app_session; DROP FUNCTION keep_series_dates();"


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0001_initial")]

    operations = [
        UnaccentExtension(),
        migrations.RunSQL(KEEP_DATES, FORGET_DATES),
    ]
