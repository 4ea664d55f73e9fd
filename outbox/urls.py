"""Where the email provider reports bounces and complaints: the URLs of django-anymail for the providers that we have tested."""

from anymail.urls import urlpatterns as anymail_patterns
from django.urls import URLPattern

from outbox.webhooks import refuse_malformed

NAMES = {"postmark_tracking_webhook", "mailgun_tracking_webhook"}

urlpatterns = [
    URLPattern(pattern.pattern, refuse_malformed(pattern.callback), pattern.default_args, pattern.name)
    for pattern in anymail_patterns
    if pattern.name in NAMES
]
