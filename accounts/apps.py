from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        user_logged_in.connect(_prepare_session, dispatch_uid="prepare-session")


def _prepare_session(request: Any, user: Any, **_kwargs: Any) -> None:
    """Delete form input that someone else left in the web session, and give it the normal lifetime of a signed-in
    session."""
    from accounts.unfinished import discard_others  # noqa: PLC0415 - apps are ready only now

    if hasattr(request, "session"):
        discard_others(request, user.email)
        request.session.set_expiry(None)
