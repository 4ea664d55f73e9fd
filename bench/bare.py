"""A bare Django view as a baseline: no middleware, template or database. It returns BARE_BYTES bytes."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="bare", MIDDLEWARE=[], LOGGING_CONFIG=None)
BODY = b"x" * int(os.environ["BARE_BYTES"])

HEADERS = {"Content-Length": str(len(BODY))}  # CommonMiddleware adds it; without it gunicorn sends chunks

urlpatterns = [path("", lambda request: HttpResponse(BODY, headers=HEADERS))]
application = get_wsgi_application()
