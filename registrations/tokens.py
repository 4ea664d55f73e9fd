"""The secret in a join link. It names one person's place in one session, cannot be made without the portal's key, and is of no
use once the session has ended or the place was given up."""

from django.core import signing

_signer = signing.Signer(salt="registrations.join")


class BadTokenError(Exception):
    """Forged, cut short or mistyped."""


def make_join_token(registration_id: int, session_id: int) -> str:
    return _signer.sign(f"{registration_id}-{session_id}")


def read_join_token(token: str) -> tuple[int, int]:
    """(registration id, session id). Raises BadTokenError."""
    try:
        registration_id, _, session_id = _signer.unsign(token).partition("-")
        return int(registration_id), int(session_id)
    except (signing.BadSignature, ValueError) as error:
        raise BadTokenError from error
