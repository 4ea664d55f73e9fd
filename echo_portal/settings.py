"""Settings. Values that differ between installations come from the environment (environment.py)."""

from pathlib import Path
from typing import Any

import pghistory
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from echo_portal import environment
from echo_portal.environment import PRODUCTION, SITE_URL, env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
DEBUG = env.bool("DEBUG", False) and not PRODUCTION
# The default is for development only. Production does not start without SECRET_KEY (environment.py).
SECRET_KEY = env.str("SECRET_KEY", "development-only-" + "0" * 40)
ALLOWED_HOSTS = environment.ALLOWED_HOSTS
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "echo_portal.apps.PortalConfig",
    "accounts",
    "outbox",
    "hubs",
    "sessions_app",
    "registrations",
    "newsletters",
    "workspace",
    "pgtrigger",
    "pghistory",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "anymail",
    "csp",
    "bootstrap",
    "crispy_forms",
    "crispy_bootstrap5",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
]

if not PRODUCTION:
    INSTALLED_APPS += ["echo_portal.checkout"]

MIDDLEWARE = [
    "echo_portal.health.HealthMiddleware",
    "echo_portal.page_cache.PageCacheMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "echo_portal.middleware.InvalidInputMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "echo_portal.history.HistoryMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "echo_portal.account.sessions.ShortAnonymousSessionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "echo_portal.account.second_factor.SecondFactorMiddleware",
    "echo_portal.middleware.PrivatePagesMiddleware",
]

ROOT_URLCONF = "echo_portal.urls"
WSGI_APPLICATION = "echo_portal.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
# Our own template pack (templates/echo/), which uses parts of crispy-bootstrap5. Unknown fields in a layout raise an error.
CRISPY_TEMPLATE_PACK, CRISPY_ALLOWED_TEMPLATE_PACKS, CRISPY_FAIL_SILENTLY = "echo", ["echo"], False

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "echo_portal.templatetags.portal",
                "crispy_forms.templatetags.crispy_forms_tags",
                "crispy_forms.templatetags.crispy_forms_field",
                "django.templatetags.i18n",
                "django.templatetags.static",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "echo_portal.context.portal",
            ],
        },
    }
]

# Data. The default lets tools that never connect (types, lint) import the settings without DATABASE_URL.
DATABASES = {"default": env.dj_db_url("DATABASE_URL", "postgresql:///echo_portal")}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "echo_portal.cache.FailOpenRedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "portal"},
    # What {% cache %} holds, in each process. The number is limited, because visitors choose the path and the query string in
    # the keys. What was not used for the longest time goes first.
    "template_fragments": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
    # The listings of the program. Each has about two thousand characters.
    "listings": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "listings",
        "OPTIONS": {"MAX_ENTRIES": 1000},
    },
}

# History: database triggers record every change of a hub, its team, a series and a registration (docs/structure.md). Who did it
# is kept with each change.
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
PGHISTORY_DEFAULT_TRACKERS = (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
PGHISTORY_MIDDLEWARE_METHODS = ("POST",)  # no GET changes anything

# Accounts. The email address is the login, and people sign in with an emailed code.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_request_login_code"
LOGIN_REDIRECT_URL = "registrations:mine"
ACCOUNT_ADAPTER = "echo_portal.account.adapter.PortalAccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_METHODS = {"email"}
# Nobody signs up with allauth. Without the second field there is no sign-in with a password.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # the code itself proves the address
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_FORMS = {
    "login": "echo_portal.account.forms.PasswordSignInForm",
    "request_login_code": "echo_portal.account.forms.SignInForm",
    "confirm_login_code": "echo_portal.account.forms.CodeForm",
    "set_password": "echo_portal.account.forms.NewPasswordForm",
    "change_password": "echo_portal.account.forms.OtherPasswordForm",
    "reauthenticate": "echo_portal.account.forms.ConfirmPasswordForm",
}
ACCOUNT_EMAIL_NOTIFICATIONS = True  # email people when their sign-in settings change
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
# allauth's own limits. Codes and email have further limits below, by address and network.
ACCOUNT_RATE_LIMITS = {"request_login_code": "200/m/ip", "login": "200/m/ip", "login_failed": "20/5m/key,300/5m/ip"}
# The portal's limits, each as (maximum, period in seconds). accounts/limits.py explains the five kinds. They are low for an
# address entered from one network, and high for a network, because thousands of people in a hospital share one.
RATE_LIMITS: dict[str, dict[str, Any]] = {
    "send-email": {
        "browser": [(6, 600), (20, 86400)],
        "pair": [(6, 600), (10, 86400)],
        "key": [(20, 86400)],
        "ip": [(600, 60)],
        "addresses": [(1000, 3600), (3000, 86400)],
    },
    "try-code": {
        "code": [(ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS, ACCOUNT_LOGIN_BY_CODE_TIMEOUT)],
        "browser": [(20, 3600), (40, 86400)],
        "pair": [(20, 3600), (40, 86400)],
        "key": [(100, 86400)],
        "ip": [(300, 600), (2000, 86400)],
    },
    "register-again": {"key": (30, 60), "ip": (1200, 60)},
    "invite": {"key": (6, 3600)},
    "send-form": {"ip": [(120, 3600), (500, 86400)]},
    "send-form-without-proof": {"ip": [(10, 3600), (40, 86400)]},
    "add-registrant": {"key": [(60, 3600), (300, 86400)]},  # for each member of a hub's team
    "hub-message": {"key": (20, 86400)},  # for each hub
    "team-invitation": {"key": (30, 86400)},  # for each hub, sent or sent again
    "save-profile": {"key": (10, 600), "ip": (600, 600)},
    "begin-passkey": {"ip": (200, 60)},
    "newsletter-test": {"key": [(20, 3600)]},  # for each member of staff
    "opening-notice": {"key": (5, 86400)},  # for each address
    "change-email": {"key": [(10, 3600), (20, 86400)]},
    "subscription-email": {"key": (4, 86400)},  # for each address, whoever enters it
    "subscription-private": {"key": [(3, 600), (6, 86400)]},  # for each subscriber's address
    "subscription-new-address": {"key": (10, 86400)},  # for each subscriber
}
# Second factors: an authenticator app or a passkey, with recovery codes in case both are lost.
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "echo_portal.account.second_factor.PortalMFAAdapter"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # http://127.0.0.1 in a checkout
MFA_FORMS = {
    "authenticate": "echo_portal.account.forms.FactorForm",
    "reauthenticate": "echo_portal.account.forms.ConfirmFactorForm",
    "activate_totp": "echo_portal.account.forms.AppForm",
    "add_webauthn": "echo_portal.account.forms.PasskeyForm",
    "edit_webauthn": "echo_portal.account.forms.PasskeyNameForm",
}
MFA_RATE_LIMITS = {"webauthn_login": "200/m/ip"}
# Whether staff need a second factor for the admin, and hub partners who coordinate or publish for their workspace.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", PRODUCTION)
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90
# Our forms have a few thousand characters of text. Larger requests are refused. Uploaded files do not count.
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024

# Languages and time. Times are stored in UTC and shown with their zone.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
USE_TZ = True
TIME_ZONE = "America/Toronto"

# Email. Without EMAIL_URL, a checkout writes email to var/mail and shows it at /_mail/.
if env.str("EMAIL_URL", ""):
    _email = env.dj_email_url("EMAIL_URL")
    EMAIL_BACKEND = _email["EMAIL_BACKEND"]
    EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"], _email["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_USER"], _email["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = _email["EMAIL_USE_TLS"], _email["EMAIL_USE_SSL"]
else:
    EMAIL_BACKEND = "echo_portal.checkout.mailbox.FolderBackend"
EMAIL_TIMEOUT = 20
# An email provider's API instead of SMTP: "postmark" or "mailgun", and its settings for django-anymail as JSON.
EMAIL_PROVIDER = env.str("EMAIL_PROVIDER", "")
ANYMAIL = env.json("EMAIL_PROVIDER_SETTINGS", {})
EMAIL_WEBHOOK_SECRET = dict(ANYMAIL).get("WEBHOOK_SECRET", "")
if EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
# A message claimed for longer than this is treated as lost. No batch takes that long.
OUTBOX_CLAIM_SECONDS = 300
# Pauses after the first, second, … temporary failure. After the last one, the message has failed.
OUTBOX_PAUSES_SECONDS = [60, 300, 900, 3600, 14400]
EMAIL_DKIM_SELECTOR = env.str("EMAIL_DKIM_SELECTOR", "")  # the key that the mail server signs with (check_email_setup)
EMAIL_PER_SECOND = env.int("EMAIL_PER_SECOND", 0)  # for all workers together; 0: no limit
MAILBOX_DIR = VAR_DIR / "mail"
MAILBOX_OPEN = not PRODUCTION and EMAIL_BACKEND == "echo_portal.checkout.mailbox.FolderBackend"
PROJECT_NAME = _("Palliative Care ECHO Project")
SERVICE_FROM_EMAIL = env.str("SERVICE_FROM_EMAIL", f"sessions@{environment.EMAIL_DOMAIN}")
BULK_FROM_EMAIL = env.str("BULK_FROM_EMAIL", f"newsletter@{environment.EMAIL_DOMAIN}")
ORGANIZER_EMAIL = env.str("ORGANIZER_EMAIL", f"calendar@{environment.EMAIL_DOMAIN}")
CONTACT_EMAIL = env.str("CONTACT_EMAIL", f"contact@{environment.EMAIL_DOMAIN}")
# Without it no bulk email is sent (outbox/sender.py). A checkout has one that is clearly made up.
POSTAL_ADDRESS = env.str("POSTAL_ADDRESS", "" if PRODUCTION else "1 Example Street\nSampletown ON  A1A 1A1")
# The person in charge of personal information (Quebec's Law 25, s. 3.1): a name or title and an address, for the privacy page.
PRIVACY_OFFICER = env.str("PRIVACY_OFFICER", "") or _("Privacy officer, Pallium Canada")
PRIVACY_EMAIL = env.str("PRIVACY_EMAIL", "") or CONTACT_EMAIL
DEFAULT_FROM_EMAIL = SERVER_EMAIL = SERVICE_FROM_EMAIL

# Celery. Beat's sweeps find all work in Postgres, so if the broker is down, give up quickly and do not delay the page.
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# How often each task runs, in seconds. A run that no worker has started by the time of the next one is dropped.
CELERY_BEAT_SCHEDULE = {
    task: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for task, seconds in {
        "outbox.tasks.sweep": 10.0,
        "outbox.tasks.prune": 3600.0,
        "hubs.tasks.prune": 3600.0,
        "sessions_app.tasks.build_missing_feeds": 3600.0,
        "newsletters.tasks.send_due_issues": 10.0,
        "registrations.tasks.queue_due_reminders": 60.0,
        "registrations.tasks.notify_session_changes": 60.0,
        "registrations.tasks.expire_invitations": 60.0,
        "registrations.tasks.close_due_waitlists": 60.0,
        "registrations.tasks.delete_unproven_accounts": 3600.0,
        "newsletters.tasks.queue_session_news": 60.0,
        "newsletters.tasks.queue_session_reminders": 60.0,
        "newsletters.tasks.send_opening_notices": 60.0,
        "echo_portal.tasks.clear_old_sessions": 3600.0,
        "newsletters.tasks.prune": 3600.0,
    }.items()
}

# Static files, with hashed names, served by whitenoise. A checkout collects them under var/.
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", VAR_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = False

# Security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap uses data: images for check marks and arrows
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "frame-src": [SELF] if MAILBOX_OPEN else [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
# Every public site uses TLS. A trial on one machine (docker-compose.yml) may have an http:// address.
TLS = PRODUCTION and SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = TLS
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "echo_portal.views.csrf_failure"
if TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
# The number of proxies in front. The visitor's IP address is that many places from the right in X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PROXIES", 1 if PRODUCTION else 0)

# Logs go to the console. They contain no names, addresses, codes or links (echo_portal/logs.py).
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "echo_portal.logs.RedactingFormatter"}},
    "filters": {"path": {"()": "echo_portal.logs.PathFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["path"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # 4xx responses are the visitor's errors and are not logged
    "loggers": {
        "outbox": {"level": "INFO"},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # requests that are too large are answered with 400, without filling the logs with tracebacks
        "django.security.RequestDataTooBig": {"level": "CRITICAL"},
        "django.security.TooManyFieldsSent": {"level": "CRITICAL"},
    },
}
