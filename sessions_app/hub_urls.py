"""All public pages of hubs, in the namespace `hubs`. A hub's page and feed list sessions, so their views are in this app."""

from django.urls import path

from hubs import urls as hubs_urls
from sessions_app import views

app_name = "hubs"

urlpatterns = [
    *hubs_urls.urlpatterns,
    path("<slug:slug>.ics", views.hub_feed, name="feed"),
    path("<slug:slug>/", views.hub_page, name="detail"),
]
