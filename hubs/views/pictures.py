"""How pictures that people uploaded are served."""

from django.http import HttpResponse

# Nothing in the file may run, even if someone opens it by its own address.
NOTHING_RUNS = "default-src 'none'; sandbox"
FOR_A_YEAR = "public, max-age=31536000, immutable"


def picture_response(content: bytes, content_type: str, *, cache_control: str = FOR_A_YEAR) -> HttpResponse:
    """Answer with a picture. Its address changes with its content, so browsers may keep it."""
    headers = {
        "Content-Security-Policy": NOTHING_RUNS,
        "Cache-Control": cache_control,
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=content_type, headers=headers)
