"""Loaded before Django: the suite runs on real engines, shared with everything else in the checkout (engines.py)."""

import os
from urllib.parse import urlsplit, urlunsplit

from echo_portal import engines

engines.ensure()
# A database of Valkey's own for the tests, so that a portal that runs beside them is left alone.
_parts = urlsplit(os.environ["REDIS_URL"])
os.environ["REDIS_URL"] = urlunsplit(_parts._replace(path="/9"))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
for name in ("PORTAL_ENV", "SITE_URL", "EMAIL_URL", "DEBUG"):
    os.environ.pop(name, None)
