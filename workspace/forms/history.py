"""The filter of the history page. It is in the query string, so that a filtered history can be bookmarked."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from workspace.access import Workspace


class HistoryFilter(forms.Form):
    """What to show, of which series and by whom. Only series and people of the hub can be chosen."""

    use_required_attribute = False

    ABOUT = (
        ("", _("Everything")),
        ("listings", _("Series and sessions")),
        ("registrations", _("Registrations")),
        ("team", _("Hub page and team")),
    )

    about = forms.ChoiceField(label=_("Show"), required=False, choices=ABOUT)
    series = forms.TypedChoiceField(label=_("Series"), required=False, coerce=int, empty_value=None)
    person = forms.TypedChoiceField(label=_("Changed by"), required=False, coerce=int, empty_value=None)
    page = forms.IntegerField(required=False, min_value=1, max_value=9999, widget=forms.HiddenInput)

    def __init__(self, data: Any, workspace: Workspace) -> None:
        super().__init__(data, auto_id="filter-%s")
        titles = workspace.series.only("pk", "title_en", "title_fr").order_by("-created_at", "pk")
        self._offer("series", _("All series"), [(one.pk, one.title) for one in titles])
        people = User.objects.filter(memberships__hub=workspace.hub).order_by("name", "email")
        self._offer("person", _("Anyone"), [(one.pk, str(one)) for one in people])

    def _offer(self, name: str, everything: Any, choices: list[tuple[int, str]]) -> None:
        field: Any = self.fields[name]
        field.choices = [("", everything), *choices]

    @property
    def is_filtered(self) -> bool:
        return any(self.cleaned_data[name] for name in ("about", "series", "person"))
