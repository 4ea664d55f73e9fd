"""Keep bots out of forms that anyone can send, without a puzzle and without another company's service.

A form that subclasses `BotCheckForm` has three more fields:

- *website* is hidden from people, also from screen readers. A bot fills it in.
- *token* is signed and says when the form was made. A form that comes back within seconds was not filled in by a person.
- *proof* is a number that static/js/proof.js finds in the background: with it, the token's hash starts with BITS zeros. That
  takes a phone less than half a second. A bot needs as long for every form it sends, because a token works once.

Nobody is shut out. Without JavaScript there is no proof: the form must then be older and fewer are accepted from one network.
A form that is refused keeps what was typed, and says what to do. It never says which check failed, and a bot that filled in
the hidden field reads the same sentence as a person who was too quick. For a person whose browser filled that field in, it is
emptied, so pressing the button again works. If the cache is down, tokens work more than once and there are no limits.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from crispy_forms.layout import Layout
from django import forms
from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.crypto import get_random_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.form_helper import ONCE_FOR, OnceForm
from accounts.limits import within_limits

BITS = 12  # about 4,000 hashes
MIN_AGE = timedelta(seconds=3)
MIN_AGE_WITHOUT_PROOF = timedelta(seconds=20)
MAX_AGE = ONCE_FOR
TRY_AGAIN = _(
    "We couldn’t send your form yet. What you entered is still here. Wait 30 seconds, then send the form again."
)
RENEWED = _("This page had expired, so we renewed it. What you typed is still here. Press the button again.")


class BotCheck:
    """The three fields in a form's layout."""

    def render(self, form: forms.Form, *_args: Any, **_kwargs: Any) -> SafeString:
        return render_to_string("echo/layout/bot_check.html", {"form": form})


class BotCheckForm(OnceForm):
    """A form that anyone can send. Its page loads js/proof.js."""

    website = forms.CharField(
        label=_("Leave this field empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    proof = forms.CharField(
        required=False, widget=forms.HiddenInput(attrs={"data-proof": str(BITS), "autocomplete": "off"})
    )

    CHECKS = ("website", "token", "proof")

    def __init__(self, data: Any = None, *args: Any, request: HttpRequest, now: datetime, **kwargs: Any) -> None:
        self.typed: Any = data.copy() if data is not None else None
        super().__init__(self.typed, *args, **kwargs)
        self.request, self.now = request, now
        self.initial["token"] = self._make_token(now)

    def layout(self) -> Layout:
        return Layout(*(name for name in self.fields if name not in self.CHECKS), BotCheck())

    def clean(self) -> dict[str, Any]:
        """Check that a person sent the form, once everything else in it is right."""
        data = super().clean() or self.cleaned_data
        if not self.errors and (problem := self._problem(data)):
            raise forms.ValidationError(problem)
        return data

    def sent(self) -> str:
        """Return the token alone: it works once, whatever is sent with it."""
        return str(self.cleaned_data["token"])

    def _problem(self, data: dict[str, Any]) -> str:
        """Return what to tell the person, or an empty string if the form may be sent."""
        if data["website"]:
            self.typed["website"] = ""
            return str(TRY_AGAIN)
        made_at = self._made_at(data["token"])
        if made_at is None or self.now - made_at > MAX_AGE:
            # someone whose page was only too old has waited long enough
            self.typed["token"] = self._make_token(self.now - MIN_AGE_WITHOUT_PROOF if made_at else self.now)
            self.typed["proof"] = ""
            return str(RENEWED if made_at else TRY_AGAIN)
        is_proven = is_proof(data["token"], data["proof"])
        if self.now - made_at < (MIN_AGE if is_proven else MIN_AGE_WITHOUT_PROOF):
            return str(TRY_AGAIN)
        if not within_limits(self.request, "send-form" if is_proven else "send-form-without-proof", ""):
            sentence = gettext(
                "We received many forms from your network. What you typed is still here. Wait an hour, then press the"
                " button again, or email us at %(email)s."
            )
            return sentence % {"email": settings.CONTACT_EMAIL}
        return ""

    def _make_token(self, at: datetime) -> str:
        return signing.dumps([get_random_string(12), int(at.timestamp())], salt=self._salt)

    def _made_at(self, token: str) -> datetime | None:
        try:
            _random, seconds = signing.loads(token, salt=self._salt)
        except signing.BadSignature:
            return None
        return datetime.fromtimestamp(seconds, self.now.tzinfo)

    @property
    def _salt(self) -> str:
        return f"accounts.bots.{type(self).__name__}"


def is_proof(token: str, proof: str) -> bool:
    """Whether the hash of both starts with BITS zeros."""
    digest = hashlib.sha256(f"{token}:{proof}".encode()).digest()
    return int.from_bytes(digest[:4]) >> (32 - BITS) == 0
