"""The URLs of the newsletter, under `/en/newsletter/` and `/fr/bulletin/`."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from newsletters.views import placeholders, reading

app_name = "newsletters"
urlpatterns: list[Any] = [
    # Reading
    path("", reading.issue_list, name="list"),
    path("feed.atom", reading.feed, name="feed"),
    path(_("issues/<slug:slug>/"), reading.issue_detail, name="detail"),
    path(_("pictures/<slug:checksum>"), reading.picture, name="picture"),
    path(_("publications/"), reading.publications, name="publications"),
    path(_("publications/<slug:slug>-<str:language>.pdf"), reading.publication, name="publication"),
    # To be replaced by the pages of a subscription
    path(_("preferences/<str:token>/"), placeholders.missing, name="preferences"),
    path(_("unsubscribe/<str:token>/"), placeholders.missing, name="unsubscribe"),
]
