from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    return {
        "project_name": settings.PROJECT_NAME,
        "contact_email": settings.CONTACT_EMAIL,
        "postal_address": settings.POSTAL_ADDRESS,
        "site_url": settings.SITE_URL,
        "mailbox_open": settings.MAILBOX_OPEN,
    }
