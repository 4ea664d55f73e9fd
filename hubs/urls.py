"""URLs of the hub pages that list no sessions. `sessions_app/hub_urls.py` adds the others, in the namespace `hubs`."""

from django.urls import path

from hubs import views

urlpatterns = [
    path("<slug:slug>/logo-<slug:checksum>.png", views.logo, name="logo"),
]
