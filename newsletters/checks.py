"""What a deployment needs before it sends newsletters (`manage.py check --deploy`)."""

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 - Django's own name

from outbox.sender import has_postal_address


@register(Tags.compatibility, deploy=True)
def check_postal_address(**_kwargs: Any) -> list[CheckMessage]:
    """Consent has to be asked for, and bulk email sent, with a postal address (Canada's anti-spam law, s. 6 and 10)."""
    if has_postal_address():
        return []
    return [
        Warning(
            "POSTAL_ADDRESS is empty, so no newsletter and no other bulk email is sent. Each of them, and the form to"
            " subscribe, must show the sender's postal address (Canada's anti-spam law, s. 6(2) and 10(1)).",
            id="newsletters.W001",
        )
    ]
