"""Search that ignores capitals and accents, on text that Postgres prepares when it is written (migration 0010)."""

from django.db.models import Func, TextField, Value
from django.db.models.functions import Concat


class Fold(Func):
    """The text in lower case and without accents, so that "Éthique" is found with "ethique"."""

    function = "fold_for_search"
    output_field = TextField()


def searchable(*names: str) -> Fold:
    """Return the English and French text of several fields of a series, and the text of its sessions, as one text."""
    columns = [part for name in names for part in (f"{name}_en", Value("\n"), f"{name}_fr", Value("\n"))]
    return Fold(Concat(*columns, "sessions_text", output_field=TextField()))
