"""The first event of each row that is older than the history (django-pghistory).

Every app with tracked models has a migration that calls this once, so that the first change of an old row shows what was
there before.
"""

from typing import Any

from django.db import migrations

START = "start"  # the label of these events, next to the triggers' insert, update and delete

INSERT = """
    INSERT INTO {events} ({columns}, pgh_created_at, pgh_label, pgh_obj_id)
    SELECT {columns}, now(), %s, id FROM {rows}
    WHERE NOT EXISTS (SELECT FROM {events} AS known WHERE known.pgh_obj_id = {rows}.id)
"""


def add_first_events(*models: str) -> migrations.RunPython:
    """Return the operation that gives each row of the `models` ("hubs.Hub") its first event, in one statement a model.

    It only adds rows to the event tables, so the site keeps working meanwhile. Rows that have an event are left out.
    """

    def add(apps: Any, schema_editor: Any) -> None:
        for name in models:
            model, events = apps.get_model(name), apps.get_model(f"{name}Event")
            quote = schema_editor.quote_name
            own, old = events._meta, model._meta  # noqa: SLF001 - Django's documented way to a model's tables
            columns = ", ".join(quote(field.column) for field in own.fields if not field.name.startswith("pgh_"))
            sql = INSERT.format(events=quote(own.db_table), rows=quote(old.db_table), columns=columns)
            schema_editor.execute(sql, [START])

    def remove(apps: Any, schema_editor: Any) -> None:
        for name in models:
            apps.get_model(f"{name}Event").objects.filter(pgh_label=START).delete()

    return migrations.RunPython(add, remove)
