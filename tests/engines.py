"""Start the Postgres and Valkey of the checkout (echo_portal/checkout/engines.py). Loaded before Django."""

import os
from urllib.parse import urlsplit, urlunsplit

from echo_portal.checkout import engines

engines.ensure()
# Each process of the suite (pytest-xdist) uses two Valkey databases: one for itself and one for the portals that it starts
# (processes.py). Database 0 is for a portal that runs at the same time.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_parts = urlsplit(os.environ["REDIS_URL"])
os.environ["REDIS_URL"] = urlunsplit(_parts._replace(path=f"/{2 + 2 * WORKER}"))
LIVE_REDIS_URL = urlunsplit(_parts._replace(path=f"/{3 + 2 * WORKER}"))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
for name in ("PORTAL_ENV", "SITE_URL", "EMAIL_URL", "DEBUG"):
    os.environ.pop(name, None)
