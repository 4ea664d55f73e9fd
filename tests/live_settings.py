"""The portal's settings for tests that start its real processes: the same, with a beat that ticks faster."""

from echo_portal.settings import *  # noqa: F403
from echo_portal.settings import CELERY_BEAT_SCHEDULE, STORAGES

STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
CELERY_BEAT_SCHEDULE = {name: entry | {"schedule": 1.0} for name, entry in CELERY_BEAT_SCHEDULE.items()}
# Static files straight from their folders: nothing has to be gathered before the suite.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
