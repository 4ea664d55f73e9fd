"""What the surroundings tell the portal, read once: DESIGN.md §5. Development needs nothing; production names what it misses."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env

env = Env()
PRODUCTION = env.str("PORTAL_ENV", "development") == "production"

REQUIRED = {
    "SECRET_KEY": "a long random secret",
    "DATABASE_URL": "the Postgres database, as postgres://user:password@host/name",
    "REDIS_URL": "the Valkey or Redis server, as redis://host:6379/0",
    "EMAIL_URL": "the mail server, as smtp://user:password@host:587/?tls=True, unless MAIL_PROVIDER is set",
    "SITE_URL": "the portal's public address, as https://echo.example.ca",
}


def check() -> None:
    """Refuse to start in production while something is missing.

    Raises ImproperlyConfigured, whose one sentence names every missing variable and what belongs into it.
    """
    given = {name for name in REQUIRED if env.str(name, "")}
    if env.str("MAIL_PROVIDER", ""):
        given.add("EMAIL_URL")
    missing = [f"{name} ({meaning})" for name, meaning in REQUIRED.items() if name not in given]
    if PRODUCTION and missing:
        raise ImproperlyConfigured(f"The portal cannot start in production without {'; '.join(missing)}.")
    site = urlsplit(env.str("SITE_URL", ""))
    if PRODUCTION and (site.scheme not in ("http", "https") or not site.hostname):
        raise ImproperlyConfigured(f"SITE_URL has to be {REQUIRED['SITE_URL']}; it is “{site.geturl()}”.")


check()

PORT = int(env.str("PORT", "") or 8000)
SITE_URL = env.str("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
SITE_HOST = urlsplit(SITE_URL).hostname or "localhost"
# Unset or empty, it follows from SITE_URL: an empty list would answer 400 to everyone.
ALLOWED_HOSTS = [name.strip() for name in env.str("ALLOWED_HOSTS", "").split(",") if name.strip()] or (
    [SITE_HOST] if PRODUCTION else ["*"]
)
MAIL_HOST = SITE_HOST if PRODUCTION else "echo.example.ca"
