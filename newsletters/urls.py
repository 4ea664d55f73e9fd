"""The URLs of the newsletter, under `/en/newsletter/` and `/fr/bulletin/`."""

from typing import Any

app_name = "newsletters"
urlpatterns: list[Any] = []
