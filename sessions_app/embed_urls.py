"""What hub partners show on their own sites. These addresses have no language in the path, and stay the same for good."""

from django.urls import path

from sessions_app import embed

app_name = "embed"

urlpatterns = [
    path("embed/hubs/<slug:slug>/", embed.hub_embed, name="hub"),
    path("embed/embed.js", embed.script, name="script"),
    path("api/hubs/<slug:slug>/sessions.json", embed.sessions_json, name="sessions"),
]
