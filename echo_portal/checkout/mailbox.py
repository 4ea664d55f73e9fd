"""Development only: writes email to files in var/mail/ instead of sending it, and shows it at /_mail/."""

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from csp.decorators import csp
from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.languages import LANGUAGES
from echo_portal.checkout.gallery import SAMPLES, render_all, render_one

NAME = re.compile(r"\d{8}T\d{6}-\d{6}")


class FolderBackend(BaseEmailBackend):
    """Email backend that writes each message to a file, with all headers."""

    def send_messages(self, email_messages: Any) -> int:
        settings.MAILBOX_DIR.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            path = settings.MAILBOX_DIR / f"{timezone.now():%Y%m%dT%H%M%S-%f}.eml"
            path.write_bytes(message.message().as_bytes())
        return len(email_messages)


def _read(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def _path(name: str) -> Path:
    path = settings.MAILBOX_DIR / f"{name}.eml"
    if not settings.MAILBOX_OPEN or not NAME.fullmatch(name) or not path.exists():
        raise Http404
    return path


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    if not settings.MAILBOX_OPEN:
        raise Http404
    paths = sorted(settings.MAILBOX_DIR.glob("*.eml"), reverse=True)[:100]
    return render(request, "checkout/mailbox.html", {"emails": [(path.stem, _read(path)) for path in paths]})


@require_safe
def email_page(request: HttpRequest, name: str) -> HttpResponse:
    message = _read(_path(name))
    text = message.get_body(("plain",))
    context = {
        "name": name,
        "email": message,
        "headers": list(message.items()),
        "text": text.get_content() if text else "",
        "attachments": [
            (part.get_filename(), part["Content-Type"], part.get_content()) for part in message.iter_attachments()
        ],
    }
    return render(request, "checkout/email.html", context)


@require_safe
@xframe_options_sameorigin
@csp(  # type: ignore[arg-type]  # its stub supports only views without arguments
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "frame-ancestors": ["'self'"],
        "sandbox": [""],
    }
)
def email_html(request: HttpRequest, name: str) -> HttpResponse:
    """Return only the HTML part. The sandbox allows inline styles, which emails need."""
    html = _read(_path(name)).get_body(("html",))
    return HttpResponse(html.get_content() if html else "")


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Show one email of each message type, in both languages."""
    if not settings.MAILBOX_OPEN:
        raise Http404
    emails = {language: render_all(language, timezone.now()) for language in LANGUAGES}
    rows = [(name, [(language, emails[language][name][1].subject) for language in LANGUAGES]) for name in SAMPLES]
    return render(request, "checkout/gallery.html", {"rows": rows})


@require_safe
@xframe_options_sameorigin
@csp({"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "frame-ancestors": ["'self'"]})  # type: ignore[arg-type]
def gallery_email(request: HttpRequest, name: str, language: str) -> HttpResponse:
    if not settings.MAILBOX_OPEN or name not in SAMPLES or language not in LANGUAGES:
        raise Http404
    rendered = render_one(name, language, timezone.now())[1]
    if "text" in request.GET:
        return HttpResponse(rendered.text, content_type="text/plain; charset=utf-8")
    return HttpResponse(rendered.html)
