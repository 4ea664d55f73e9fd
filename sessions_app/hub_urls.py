"""All public pages of hubs, in the namespace `hubs`: those of hubs/, and those that list sessions, whose views are in this app."""

from django.urls import path

from hubs import urls as hubs_urls
from sessions_app import hub_views

app_name = "hubs"

urlpatterns = [
    path("", hub_views.hub_list, name="list"),
    *hubs_urls.urlpatterns,
    path("<slug:slug>.ics", hub_views.hub_feed, name="feed"),
    path("<slug:slug>/", hub_views.hub_page, name="detail"),
]
