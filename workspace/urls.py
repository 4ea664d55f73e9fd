"""The workspace's URLs. Every view takes the hub's slug and has a decorator of access.py."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from workspace.views import embed, home, hub_page

app_name = "workspace"

urlpatterns = [
    path("", home.choose, name="choose"),
    path("<slug:slug>/", home.home, name="home"),
    path(_("<slug:slug>/hub-page/"), hub_page.hub_page, name="hub_page"),
    path(_("<slug:slug>/hub-page/logo/"), hub_page.logo, name="hub_logo"),
    path(_("<slug:slug>/hub-page/logo/remove/"), hub_page.remove_logo, name="hub_logo_remove"),
    path(_("<slug:slug>/on-your-site/"), embed.embed, name="embed"),
]
