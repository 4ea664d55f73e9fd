"""Where the email provider reports bounces and complaints: the URLs of django-anymail."""

from anymail.urls import urlpatterns as anymail_patterns
from django.urls import URLPattern

from outbox.webhooks import refuse_malformed

urlpatterns = [
    URLPattern(pattern.pattern, refuse_malformed(pattern.callback), pattern.default_args, pattern.name)
    for pattern in anymail_patterns
]
