"""Settings for tests that start the portal's real processes: the usual ones with shorter intervals."""

from echo_portal.settings import *  # noqa: F403
from echo_portal.settings import CELERY_BEAT_SCHEDULE, STORAGES

STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
CELERY_BEAT_SCHEDULE = {name: entry | {"schedule": 1.0} for name, entry in CELERY_BEAT_SCHEDULE.items()}
# Serve static files from their source folders, without collectstatic.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
# Seconds instead of minutes, so tests can wait for expired claims and for retries.
OUTBOX_CLAIM_SECONDS = 6
OUTBOX_PAUSES_SECONDS = [1, 1, 2, 2, 4]
EMAIL_TIMEOUT = 2
