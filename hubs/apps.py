from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HubsConfig(AppConfig):
    name = "hubs"
    verbose_name = _("Hub partners")

    def ready(self) -> None:
        from hubs import emails  # noqa: PLC0415 - models are ready only now

        emails.register_message_types()
