"""Signed tokens for links that work without signing in. Each names one registration and stops working when the session
or series is past or the registration has ended."""

from django.core import signing

# Never change a salt: links in emails that were already sent would stop working.
_join = signing.Signer(salt="registrations.join")
_registration = signing.Signer(salt="registrations.place")


class BadTokenError(Exception):
    """The token is forged, cut off or mistyped."""


def make_join_token(registration_id: int, session_id: int) -> str:
    return _join.sign(f"{registration_id}-{session_id}")


def read_join_token(token: str) -> tuple[int, int]:
    """Return (registration id, session id). Raises BadTokenError."""
    return _read(_join, token)


def make_registration_token(registration_id: int, session_id: int | None = None) -> str:
    """Return a token to answer for a registration, and for one session if it is given."""
    return _registration.sign(f"{registration_id}-{session_id or 0}")


def read_registration_token(token: str) -> tuple[int, int]:
    """Return (registration id, session id or 0). Raises BadTokenError."""
    return _read(_registration, token)


def _read(signer: signing.Signer, token: str) -> tuple[int, int]:
    try:
        registration_id, _, session_id = signer.unsign(token).partition("-")
        return int(registration_id), int(session_id)
    except (signing.BadSignature, ValueError) as error:
        raise BadTokenError from error
