"""A bare Django view to measure against: no middleware, no template, no database; it returns BARE_BYTES bytes."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="bare", MIDDLEWARE=[], LOGGING_CONFIG=None)
BODY = b"x" * int(os.environ["BARE_BYTES"])

HEADERS = {"Content-Length": str(len(BODY))}  # what CommonMiddleware would add; without it gunicorn answers in chunks

urlpatterns = [path("", lambda request: HttpResponse(BODY, headers=HEADERS))]
application = get_wsgi_application()
