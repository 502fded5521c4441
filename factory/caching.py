"""What browsers and proxies may keep."""

from collections.abc import Callable, MutableMapping

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

_YEAR = "max-age=31536000, public, immutable"  # RFC 9111 has no limit, caches know one year


def for_a_year(headers: MutableMapping[str, str], path: str, url: str) -> None:
    """This function will have a static file with a hash in its name kept for one year."""
    if "immutable" in headers.get("Cache-Control", ""):
        headers["Cache-Control"] = _YEAR


class NoPageIsKept:
    """Middleware: no page or file is stored by a browser or proxy, unless its view says otherwise.

    What is taken from a store would be an old board or log, and a private one after the log-out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """This method will answer the request and mark an answer that says nothing of its keeping."""
        response = self.get_response(request)
        if "Cache-Control" not in response:
            add_never_cache_headers(response)
        return response
