"""The workspace's URLs. Every view takes the hub's slug and has a decorator of access.py."""

from django.urls import path

from workspace.views import home

app_name = "workspace"

urlpatterns = [
    path("", home.choose, name="choose"),
    path("<slug:slug>/", home.home, name="home"),
]
