"""The URLs of the newsletter, under `/en/newsletter/` and `/fr/bulletin/`."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from newsletters.views import leaving, opening, preferences, private, reading, subscribing

app_name = "newsletters"
urlpatterns = [
    path("", reading.issue_list, name="list"),
    path("feed.atom", reading.feed, name="feed"),
    path(_("issues/<slug:slug>/"), reading.issue_detail, name="detail"),
    path(_("pictures/<slug:checksum>"), reading.picture, name="picture"),
    path(_("publications/"), reading.publications, name="publications"),
    path(_("publications/<slug:slug>-<str:language>.pdf"), reading.publication, name="publication"),
    path(_("stay-connected/"), subscribing.stay_connected, name="stay_connected"),
    path(_("stay-connected/sent/"), subscribing.stay_connected_sent, name="stay_connected_sent"),
    path(_("stay-connected/offer/"), subscribing.offer, name="offer"),
    path(_("confirm/<str:token>/"), subscribing.confirm, name="confirm"),
    path(_("preferences/"), preferences.lost_link, name="lost_link"),
    path(_("preferences/sent/"), preferences.lost_link_sent, name="lost_link_sent"),
    path(_("preferences/forgotten/"), private.forgotten, name="forgotten"),
    path(_("preferences/<str:token>/"), preferences.preferences, name="preferences"),
    path(_("preferences/<str:token>/pause/"), preferences.pause, name="pause"),
    path(_("preferences/<str:token>/resume/"), preferences.resume, name="resume"),
    path(_("preferences/<str:token>/private-link/"), private.send_link, name="private_link"),
    path(_("private/<str:token>/"), private.private_settings, name="private"),
    path(_("private/<str:token>/address/"), private.new_address, name="new_address"),
    path(_("private/<str:token>/data/"), private.data, name="data"),
    path(_("private/<str:token>/forget/"), private.forget, name="forget"),
    path(_("unsubscribe/<str:token>/"), leaving.unsubscribe, name="unsubscribe"),
    path(_("when-it-opens/<slug:slug>/"), opening.opening_notice, name="opening_notice"),
    path(_("when-it-opens/<slug:slug>/sent/"), opening.opening_notice_sent, name="opening_notice_sent"),
]
