"""Lists in the admin accept only the filters that they show.

Django lets the URL filter by any column of a model: `?session_key__startswith=a` would reveal, letter by letter, what
no page shows, and an odd pattern or year causes an error. The middleware checks here before any list is read, also
those of other packages.
"""

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IS_FACETS_VAR, IS_POPUP_VAR, TO_FIELD_VAR
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.http import HttpRequest

OWN = {ALL_VAR, ERROR_FLAG, IS_FACETS_VAR, IS_POPUP_VAR, ORDER_VAR, PAGE_VAR, SEARCH_VAR, TO_FIELD_VAR}
YEARS = range(1, 10_000)


def asks_only_for_what_is_shown(model_admin: ModelAdmin, request: HttpRequest) -> bool:
    """Whether the query string holds only the list's own parameters, the filters that it shows this person, and dates."""
    shown = [name for name in model_admin.get_list_filter(request) if isinstance(name, str)]
    known = OWN | {f"{name}__{ending}" for name in shown for ending in ("exact", "isnull", "id__exact")}
    return all(
        name in known or _is_date(model_admin, name, value) for name, values in request.GET.lists() for value in values
    )


def _is_date(model_admin: ModelAdmin, name: str, value: str) -> bool:
    if name not in {f"{model_admin.date_hierarchy}__{part}" for part in ("year", "month", "day")}:
        return False
    return value.isascii() and value.isdecimal() and len(value) < 5 and int(value) in YEARS  # noqa: PLR2004 - 9999
