"""Admin lists accept only the filters that they show.

Django's admin lets the URL filter by almost any column. `?session_key__startswith=a` would reveal a hidden value letter by
letter, and an invalid pattern or year causes an error. InvalidInputMiddleware calls this check for every admin list, including
those of other packages.
"""

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IS_FACETS_VAR, IS_POPUP_VAR, TO_FIELD_VAR
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.http import HttpRequest

LIST_PARAMETERS = {ALL_VAR, ERROR_FLAG, IS_FACETS_VAR, IS_POPUP_VAR, ORDER_VAR, PAGE_VAR, SEARCH_VAR, TO_FIELD_VAR}
YEARS = range(1, 10_000)


def uses_only_shown_filters(model_admin: ModelAdmin, request: HttpRequest) -> bool:
    """Whether the query string contains only the list's own parameters, filters shown to this person, and dates."""
    filters = model_admin.get_list_filter(request)
    shown = [name for name in filters if isinstance(name, str)]
    own = {one.parameter_name for one in filters if isinstance(one, type) and issubclass(one, SimpleListFilter)}
    endings = ("exact", "isnull", "id__exact")
    known = LIST_PARAMETERS | own | {f"{name}__{ending}" for name in shown for ending in endings}
    return all(
        name in known or _is_date(model_admin, name, value) for name, values in request.GET.lists() for value in values
    )


def _is_date(model_admin: ModelAdmin, name: str, value: str) -> bool:
    if name not in {f"{model_admin.date_hierarchy}__{part}" for part in ("year", "month", "day")}:
        return False
    return value.isascii() and value.isdecimal() and len(value) < 5 and int(value) in YEARS  # noqa: PLR2004 - 9999
