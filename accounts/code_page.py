"""allauth's page for entering an emailed code, with limits that also hold for parallel requests and across sessions
(accounts/limits.py).

allauth counts tries in the web session, where parallel requests do not see each other. The code pages for registering
and for signing in are both subclasses of this view.
"""

from http import HTTPStatus
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.views import ConfirmLoginCodeView
from allauth.core import ratelimit
from allauth.utils import get_form_class
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import known_browser
from accounts.fields import normalize_email
from accounts.limits import EMAIL_REFUSED, may_send_email, may_try_code, record_correct_code
from accounts.services import record_proven_address


class CodePage(ConfirmLoginCodeView):
    is_proven = False

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self._is_stale():
            self._process.abort()
            return redirect("account_request_login_code")
        if self._action == "resend":
            return super().post(request, *args, **kwargs) if self._may_resend() else self._resend_refused()
        attempt = f"{request.session.session_key}:{self._process.state['at']}"
        if not may_try_code(request, self._email, attempt):
            return ratelimit.respond_429(request)
        email = self._email
        response = super().post(request, *args, **kwargs)
        if self.is_proven:
            known_browser.remember(request, response, email)
        return response

    @property
    def _email(self) -> str:
        return normalize_email(self._process.state.get("email", ""))

    def _is_stale(self) -> bool:
        """Whether the account was deleted, or its address changed, after the code was sent."""
        was_sent = "user_id" in self._process.state
        return was_sent and (self._process.user is None or self._process.user.email != self._email)

    def _may_resend(self) -> bool:
        return may_send_email(self.request, self._email)

    def _resend_refused(self) -> HttpResponse:
        form_class = get_form_class(app_settings.FORMS, "confirm_login_code", self.form_class)
        context = self.get_context_data(form=form_class(code=""), refusal=EMAIL_REFUSED)
        return self.render_to_response(context, status=HTTPStatus.TOO_MANY_REQUESTS)

    def _verify_form_valid(self, form: Any) -> HttpResponse:
        if self._process.user is None:  # no code was sent, so no code is correct
            form.add_error("code", get_adapter().error_messages["incorrect_code"])
            return self.form_invalid(form)
        email = self._email
        record_proven_address(self._process.user)
        response = super()._verify_form_valid(form)
        record_correct_code(self.request, email)
        self.is_proven = True
        return response
