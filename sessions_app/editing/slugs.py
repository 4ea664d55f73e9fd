"""The page addresses of a listing, made from its titles."""

import secrets

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.text import slugify

from sessions_app.models import ReviewStep, Series

LONGEST = 70  # leaves room for the suffix
SECRET_BYTES = 8  # 64 bits, as 16 letters and digits
TRIES = 3


def save_with_slugs(series: Series) -> None:
    """Choose free slugs and save the series. If someone takes one at the same moment, choose again."""
    for left in reversed(range(TRIES)):
        set_slugs(series)
        try:
            with transaction.atomic():
                series.save()
                return
        except IntegrityError:
            if not left:
                raise


def set_slugs(series: Series) -> None:
    """Set both slugs from the titles. Those of an unlisted series end in letters that nobody can guess."""
    series.slug = _free(series, series.title_en or series.title_fr)
    series.slug_fr = _french(series)


def _french(series: Series) -> str | None:
    """Return the French slug, or None if there is no French title, or the English one serves for both."""
    if not (series.title_fr and series.title_en) or _base(series.title_fr) == _base(series.title_en):
        return None
    return _free(series, series.title_fr)


def _base(title: str) -> str:
    return slugify(title.replace("’", "-").replace("'", "-"))[:LONGEST].strip("-") or "series"


def _free(series: Series, title: str) -> str:
    base = _base(title)
    if series.is_unlisted:
        return f"{base}-{secrets.token_hex(SECRET_BYTES)}"
    others = Series.objects.exclude(pk=series.pk).order_by()
    rows = others.filter(Q(slug__startswith=base) | Q(slug_fr__startswith=base)).values_list("slug", "slug_fr")
    taken = {slug for row in rows for slug in row}
    number = 1
    while (slug := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return slug


def must_renew(before: Series, after: Series) -> bool:
    """Whether an edit needs new slugs: the series became unlisted, or a draft that was never public has a new title."""
    if after.is_unlisted and not before.is_unlisted:
        return True
    has_new_title = (before.title_en, before.title_fr) != (after.title_en, after.title_fr)
    return has_new_title and not _was_public(after)


def _was_public(series: Series) -> bool:
    return (
        series.publication in ("published", "archived")
        or series.review.filter(step=ReviewStep.PUBLISHED).exists()
        or series.registrations.exists()
    )


def add_french(series: Series) -> None:
    """Give a series that now has a French title a French slug too. Its other slug stays."""
    if not series.slug_fr:
        series.slug_fr = _french(series)
