"""The filter of the hub's list of series. It is in the query string, so a filtered list can be bookmarked."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import F, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sessions_app.models import Publication
from sessions_app.search import Fold
from sessions_app.status import past_q

MOST_WORDS = 6


class ListingsFilter(forms.Form):
    """What to show. Without a choice: everything that is not archived, what is next first, then the past."""

    use_required_attribute = False

    SHOW = (
        ("", _("All")),
        ("upcoming", _("Upcoming")),
        ("draft", _("Drafts")),
        ("submitted", _("In review")),
        ("past", _("Past")),
        ("archived", pgettext_lazy("several", "Archived")),
    )

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    show = forms.ChoiceField(label=_("Show"), required=False, choices=SHOW)

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="filter-%s")

    @property
    def is_filtered(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())

    def narrow(self, series: Any, now: datetime) -> Any:
        """Apply the filter to the hub's series, in the order of their dates. A wrong filter is ignored."""
        self.is_valid()
        for word in self.cleaned_data.get("q", "").split()[:MOST_WORDS]:
            series = series.filter(searched_text__contains=Fold(Value(word)))
        return self._shown(series, self.cleaned_data.get("show", ""), now)

    def _shown(self, series: Any, show: str, now: datetime) -> Any:
        newest_first = (F("first_starts_at").desc(nulls_first=True), "-pk")
        if show == "upcoming":
            ahead = series.filter(~past_q(now), publication=Publication.PUBLISHED)
            return ahead.order_by(F("first_starts_at").asc(nulls_last=True), "pk")
        if show == "past":
            return series.filter(past_q(now), publication=Publication.PUBLISHED).order_by(*newest_first)
        if show in Publication.values:
            return series.filter(publication=show).order_by(*newest_first)
        return series.exclude(publication=Publication.ARCHIVED).order_by(*newest_first)
