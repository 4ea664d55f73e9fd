"""The workspace's URLs. Every view takes the hub's slug and has a decorator of access.py."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from workspace.views import history, home

app_name = "workspace"

urlpatterns = [
    path("", home.choose, name="choose"),
    path("<slug:slug>/", home.home, name="home"),
    path(_("<slug:slug>/history/"), history.history_page, name="history"),
]
