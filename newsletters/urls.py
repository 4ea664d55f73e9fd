"""The URLs of the newsletter, under `/en/newsletter/` and `/fr/bulletin/`."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from newsletters.views import opening, placeholders

app_name = "newsletters"
urlpatterns: list[Any] = [
    path(_("preferences/<str:token>/"), placeholders.missing, name="preferences"),
    path(_("unsubscribe/<str:token>/"), placeholders.missing, name="unsubscribe"),
    path(_("when-it-opens/<slug:slug>/"), opening.opening_notice, name="opening_notice"),
    path(_("when-it-opens/<slug:slug>/sent/"), opening.opening_notice_sent, name="opening_notice_sent"),
]
