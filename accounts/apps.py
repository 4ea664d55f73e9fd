from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        user_logged_in.connect(_begin_own_session, dispatch_uid="begin-own-session")


def _begin_own_session(request: Any, user: Any, **_kwargs: Any) -> None:
    """Make the web session this person's: delete what someone else typed, and let it last as long as a signed-in
    session."""
    from accounts.unfinished import forget_others  # noqa: PLC0415 - apps are ready only now

    if hasattr(request, "session"):
        forget_others(request, user.email)
        request.session.set_expiry(None)
