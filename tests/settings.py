"""The portal's settings without what only slows the suite down."""

from echo_portal.settings import *  # noqa: F403
from echo_portal.settings import DATABASES, STORAGES, TEMPLATES

# A commit does not wait for the disk.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off"

STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# An unknown template variable shows up in the page, where a fixture looks for it (conftest.py).
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = "%%MISSING:%s%%"
# Serve static files from their source folders, without collectstatic.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
