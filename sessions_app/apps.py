from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SessionsConfig(AppConfig):
    name = "sessions_app"
    verbose_name = _("Program")

    def ready(self) -> None:
        from sessions_app import emails, signals  # noqa: F401, PLC0415 - these import models, which are ready only now

        emails.register_message_types()
