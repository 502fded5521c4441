"""Sending bytes that somebody else made: a browser saves them, and neither shows nor runs them."""

from base64 import b64encode

from django.http import HttpResponse
from django.utils.http import content_disposition_header


def download(name: str, media_type: str, data: bytes, sha256: str) -> HttpResponse:
    """This function will answer with a file of that name; `sha256` is the digest of its bytes."""
    response = HttpResponse(data, content_type=media_type)
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Digest"] = f"sha-256={b64encode(bytes.fromhex(sha256)).decode()}"
    return response
