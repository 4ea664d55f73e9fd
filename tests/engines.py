"""Loaded before Django: the suite runs on real engines, shared with everything else in the checkout (engines.py)."""

import os
from urllib.parse import urlsplit, urlunsplit

from echo_portal.checkout import engines

engines.ensure()
# Each process of the suite (pytest-xdist) has two databases of Valkey to itself, one for its own work and one for the portals that it
# starts (processes.py). Database 0 is left to a portal that runs beside the suite.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_parts = urlsplit(os.environ["REDIS_URL"])
os.environ["REDIS_URL"] = urlunsplit(_parts._replace(path=f"/{2 + 2 * WORKER}"))
LIVE_REDIS_URL = urlunsplit(_parts._replace(path=f"/{3 + 2 * WORKER}"))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
for name in ("PORTAL_ENV", "SITE_URL", "EMAIL_URL", "DEBUG"):
    os.environ.pop(name, None)
