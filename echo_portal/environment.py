"""Environment variables, read once. None is needed in development; production lists the missing ones and stops."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env

env = Env()
PORTAL_ENV = env.str("PORTAL_ENV", "development")
PRODUCTION = PORTAL_ENV == "production"

REQUIRED = {
    "SECRET_KEY": "a long random secret",
    "DATABASE_URL": "the Postgres database, as postgres://user:password@host/name",
    "REDIS_URL": "the Valkey or Redis server, as redis://host:6379/0",
    "EMAIL_URL": "the mail server, as smtp://user:password@host:587/?tls=True, unless EMAIL_PROVIDER is set",
    "SITE_URL": "the portal's public address, as https://echo.example.ca",
}
# The email providers whose API and reports are tested. Any other can be used over SMTP.
EMAIL_PROVIDERS = ("postmark", "mailgun")
RENAMED = {f"MAIL_{name}": f"EMAIL_{name}" for name in ("PROVIDER", "PROVIDER_SETTINGS", "PER_SECOND", "DKIM_SELECTOR")}


def check() -> None:
    """Raise ImproperlyConfigured if PORTAL_ENV is unknown, or a variable has an old name, is missing or is wrong.

    Without this check, a mistyped "Production" would run a public site with development defaults. The error names the
    wrong value, or each missing variable and what it should contain.
    """
    if PORTAL_ENV not in ("development", "production"):
        raise ImproperlyConfigured(f"PORTAL_ENV is “{PORTAL_ENV}”: it has to be “production” or “development”.")
    old = [f"{old} (now {new})" for old, new in RENAMED.items() if env.str(old, "")]
    if old:
        raise ImproperlyConfigured(f"These variables have new names: {', '.join(old)}. Rename them in the environment.")
    provider = env.str("EMAIL_PROVIDER", "")
    if provider and provider not in EMAIL_PROVIDERS:
        names = " or ".join(f"“{name}”" for name in EMAIL_PROVIDERS)
        raise ImproperlyConfigured(f"EMAIL_PROVIDER is “{provider}”: it has to be {names}. Others work with EMAIL_URL.")
    given = {name for name in REQUIRED if env.str(name, "").strip()}
    if provider:
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
# If it is unset or empty, use the host of SITE_URL. With an empty list Django would answer 400 to everyone.
_given: list[str] = env.list("ALLOWED_HOSTS", [])
ALLOWED_HOSTS = [name.strip() for name in _given if name.strip()] or ([SITE_HOST] if PRODUCTION else ["*"])
EMAIL_DOMAIN = SITE_HOST if PRODUCTION else "echo.example.ca"
