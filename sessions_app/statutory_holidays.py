"""Statutory holidays in Canada, by province and territory (the `holidays` library)."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from holidays import country_holidays

from accounts.choices import Province, province_names
from accounts.languages import current_language

LIBRARY_LANGUAGES = {"en": "en_CA", "fr": "fr"}


def holiday_name(day: date, provinces: Iterable[str] | None) -> str:
    """Return the holiday on that day in the reader's language, or "" if there is none.

    `provinces` are those to look at. If it is a holiday in only some of them, they are named: "Family Day (Ontario)".
    None stands for all of Canada: the holidays of the federal government.
    """
    language = current_language()
    if provinces is None:
        return _federal(day.year, language).get(day, "")
    provinces = list(provinces)
    names = {code: _provincial(day.year, code, language).get(day, "") for code in provinces}
    having = [code for code in provinces if names[code]]
    if not having:
        return ""
    where = "" if len(having) == len(provinces) else f" ({', '.join(province_names(having))})"
    return names[having[0]] + where


def is_holiday_anywhere(day: date) -> bool:
    """Whether that day is a federal holiday, one of a province or territory, or Easter Monday."""
    federal = _federal(day.year, "en")
    return (
        day in federal
        or federal.get(day - timedelta(days=3)) == "Good Friday"
        or any(day in _provincial(day.year, code, "en") for code in Province.values)
    )


@lru_cache(maxsize=50)
def _federal(year: int, language: str) -> dict[date, str]:
    found = country_holidays(
        "CA", years=year, categories=("public", "government"), language=LIBRARY_LANGUAGES[language]
    )
    return _with_apostrophes(found)


@lru_cache(maxsize=300)
def _provincial(year: int, province: str, language: str) -> dict[date, str]:
    return _with_apostrophes(country_holidays("CA", province, years=year, language=LIBRARY_LANGUAGES[language]))


def _with_apostrophes(names: dict[date, str]) -> dict[date, str]:
    return {day: name.replace("'", "’") for day, name in names.items()}
