"""The portal's settings for tests that start its real processes: the same, with a beat that ticks faster."""

from echo_portal.settings import *  # noqa: F403
from echo_portal.settings import CELERY_BEAT_SCHEDULE, STORAGES

STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
CELERY_BEAT_SCHEDULE = {name: entry | {"schedule": 1.0} for name, entry in CELERY_BEAT_SCHEDULE.items()}
# Static files straight from their folders: nothing has to be gathered before the suite.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
# Minutes become seconds, so that a test sees what becomes of what was claimed by a dead worker, and of what was refused for now.
OUTBOX_CLAIM_SECONDS = 6
OUTBOX_PAUSES_SECONDS = [1, 1, 2, 2, 4]
EMAIL_TIMEOUT = 2
