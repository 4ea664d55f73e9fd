"""The portal's settings, but for what would only slow the suite down."""

from echo_portal.settings import *  # noqa: F403
from echo_portal.settings import STORAGES, TEMPLATES

STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A variable that no view gave shows up in the page, where a test of every page looks for it (conftest.py).
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = "%%MISSING:%s%%"
# Static files straight from their folders: nothing has to be gathered before the suite.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
