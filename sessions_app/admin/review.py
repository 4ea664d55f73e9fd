"""The review of listings in the admin: what the page of a series shows of it, its buttons, and the filter of the list."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from sessions_app.editing import review
from sessions_app.editing.errors import ListingRefusedError
from sessions_app.editing.saving import waiting_request
from sessions_app.models import ChangeRequest, Publication, Series

# What each button does with what its form sent, and what the page says afterwards.
Steps = dict[str, tuple[Callable[[dict[str, Any]], Any], str]]


class ReviewFilter(admin.SimpleListFilter):
    """The series that wait for staff: submitted listings, and published ones with changes to approve."""

    title = _("waiting for review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("listing", _("New listings")), ("changes", _("Changes to published listings"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "listing":
            return queryset.filter(publication=Publication.SUBMITTED)
        if self.value() == "changes":
            waiting = ChangeRequest.objects.filter(series=OuterRef("pk"), state=ChangeRequest.State.WAITING)
            return queryset.filter(Exists(waiting))
        return queryset


class StepForm(forms.Form):
    """What a button of a review sends. `revision` is what the page showed, so that nobody decides on something else."""

    step = forms.CharField()
    comment = forms.CharField(required=False, max_length=4000)
    revision = forms.IntegerField(required=False)
    overwrite = forms.BooleanField(required=False)


def staff_user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - admin_view has checked it
    return request.user


def take_step(admin_class: admin.ModelAdmin, request: HttpRequest, steps: Steps) -> None:
    """Do what the pressed button says, and show its sentence, or why it was refused."""
    form = StepForm(request.POST)
    if not form.is_valid() or form.cleaned_data["step"] not in steps:
        raise Http404
    act, done = steps[form.cleaned_data["step"]]
    try:
        act(form.cleaned_data)
    except ListingRefusedError as refusal:
        admin_class.message_user(request, str(refusal), messages.ERROR)
    except ValidationError as error:
        admin_class.message_user(request, " ".join(error.messages), messages.ERROR)
    else:
        admin_class.message_user(request, done, messages.SUCCESS)


class ReviewMixin(admin.ModelAdmin):
    """The review of a series on its page. Its buttons post to a URL of their own."""

    change_form_template = "admin/sessions_app/series/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.review_view)
        return [path("<int:pk>/review/", view, name="sessions_app_series_review"), *super().get_urls()]

    def review_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        series = get_object_or_404(Series, pk=pk)
        if request.method != "POST" or not self.has_change_permission(request, series):
            raise PermissionDenied
        by, now = staff_user(request), timezone.now()
        steps: Steps = {
            "publish": (
                lambda sent: review.publish(
                    series,
                    revision=-1 if sent["revision"] is None else sent["revision"],
                    comment=sent["comment"],
                    by=by,
                    now=now,
                ),
                gettext("The listing is published. We’re emailing the hub."),
            ),
            "return": (
                lambda sent: review.return_to_hub(series, comment=sent["comment"], by=by, now=now),
                gettext("The listing is returned. We’re emailing your comment to the hub."),
            ),
            "comment": (
                lambda sent: review.comment(series, text=sent["comment"], by=by, now=now, from_staff=True),
                gettext("We’re emailing your comment to the hub."),
            ),
        }
        take_step(self, request, steps)
        return redirect("admin:sessions_app_series_change", series.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        series = self.get_object(request, object_id)
        context = {"review": review_context(series)} if isinstance(series, Series) else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)


def review_context(series: Series) -> dict[str, Any]:
    """Return what the page of a series shows of its review."""
    return {
        "series": series,
        "entries": list(series.review.select_related("by")),
        "request": waiting_request(series),
        "may_publish": series.publication in review.TO_PUBLISH,
        "may_return": series.publication == Publication.SUBMITTED,
    }
