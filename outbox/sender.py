"""The sender of bulk email, who has to be named in each with a postal address."""

from django.conf import settings


def has_postal_address() -> bool:
    """Whether bulk email may be sent (Canada's anti-spam law, s. 6(2)(a)). A checkout has a made-up one."""
    return bool(settings.POSTAL_ADDRESS.strip())
