from django.urls import path
from django.utils.translation import gettext_lazy as _

from sessions_app import views

app_name = "sessions"

urlpatterns = [
    path("", views.programme, name="list"),
    path(_("past/"), views.past, name="past"),
    path(_("month/"), views.calendar_month, name="calendar_month"),
    path(_("calendar.ics"), views.feed, name="feed"),
    path(_("calendar-<str:spoken>.ics"), views.language_feed, name="language_feed"),
    path("<slug:slug>/", views.detail, name="detail"),
    path("<slug:slug>.ics", views.series_ics, name="series_ics"),
    path(_("<slug:slug>/preview/"), views.preview, name="preview"),
]
