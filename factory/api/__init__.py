"""The API: the calls the pages make, for programs. Errors are those of `factory.errors`."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse

from factory.api import (
    artefacts,
    jobs,
    ledger,
    machinery,
    making,
    maps,
    overview,
    people,
    plans,
    portfolio,
    projects,
    repositories,
    tasks,
)
from factory.api.answers import api, fresh

__all__ = [
    "api",
    "artefacts",
    "jobs",
    "ledger",
    "machinery",
    "making",
    "maps",
    "overview",
    "people",
    "plans",
    "portfolio",
    "projects",
    "repositories",
    "tasks",
    "urls",
]


_SECONDS = {
    "description": "Ask again after so many seconds.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}


@api.get("/openapi.json", include_in_schema=False)
def schema(request: HttpRequest) -> HttpResponse:
    """This view will describe the API as OpenAPI 3.1."""
    return fresh(request, document())


@cache
def document() -> dict[str, Any]:
    """This function will make the description, once: it takes a tenth of a second."""
    told = api.get_openapi_schema(path_prefix="/api/")
    for methods in told["paths"].values():
        for method, one in methods.items():
            answers = one["responses"]
            answers[429]["headers"] = {"Retry-After": _SECONDS}
            if method == "get" and "application/json" in answers[200]["content"]:
                answers[304] = {"description": "What If-None-Match names is as it was."}
    return told


def _with_head(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What is to be had by GET is by HEAD; the server leaves the body out."""

    @wraps(view)
    def answer(request: HttpRequest, *arguments: Any, **more: Any) -> HttpResponse:
        if request.method == "HEAD":
            request.method = "GET"
        return view(request, *arguments, **more)

    return answer


_patterns, _app, _namespace = api.urls
urls = [pattern for pattern in _patterns if pattern.name != "api-root"], _app, _namespace
for _pattern in urls[0]:
    # The API asks for a log-in by itself, and answers 401.
    _pattern.callback = login_not_required(_with_head(_pattern.callback))
