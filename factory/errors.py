"""Every error that is shown: one page, one JSON shape, and an id that stands in the log.

Views raise; the handlers and the middleware here decide what is shown of it, alike for pages and
for machines. JSON is `{"error": {"status", "code", "message", "fields"?, "id"}}`.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus

import structlog
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
    ValidationError,
)
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.request import UnreadablePostError
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from factory import intake
from jobs.models import Refused, Stale
from jobs.models.artefact import BadArtefact
from projects import access, addresses, membership, planning

API = "/api/"
REFUSED = "factory.refused"
"""In an ASGI scope: the status with which `factory.bridge` has the request refused."""
_ONLY_SHOWN = "This address shows something and takes nothing. Open it; do not send to it."
_TOO_MANY = (
    f"There are more than {intake.MOST_FIELDS:,} values in the address or the form. Nothing was done; "
    "send fewer."
)
_KEPT = ("Allow", "Retry-After", "WWW-Authenticate")
# The page of last resort: without templates and files, when one of these is what broke.
_PLAIN = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    '<h1>{status} {title}</h1><p>{message}</p><p>Error id: {id}</p><p><a href="/">To the board</a>'
)
log = structlog.get_logger("factory.errors")


@dataclass(frozen=True)
class Words:
    """What an error is called: for machines, as a heading, and in a sentence with what to do."""

    code: str
    title: str
    message: str


WORDS = {
    400: Words(
        "bad-request",
        "This request cannot be read",
        "Something in the address or the form is malformed. Go back, load the page again and "
        "repeat what you did.",
    ),
    401: Words(
        "not-logged-in",
        "Log in first",
        "Send a session cookie, or a token as “Authorization: Bearer …”.",
    ),
    403: Words(
        "forbidden",
        "You may not do this",
        "Your role in this project does not allow it. A maintainer of the project can change your "
        "role.",
    ),
    404: Words(
        "not-found",
        "There is nothing here",
        "The address is wrong, the thing was removed, or it belongs to a project you are not a "
        "member of. Ask a maintainer of the project to add you.",
    ),
    405: Words(
        "method-not-allowed",
        "This address does not work like that",
        "It only takes what a button on a page sends. Go back to that page and press it there.",
    ),
    408: Words(
        "timeout",
        "The request did not arrive whole",
        "Nothing of it was done. Look at your connection and send it again.",
    ),
    409: Words(
        "conflict",
        "It changed before you did",
        "Somebody or something was faster. Nothing was done.",
    ),
    410: Words("gone", "This is over", "It worked once and does no more."),
    413: Words(
        "too-large",
        "This is too much at once",
        "Nothing of it was stored. Send less, or in several parts.",
    ),
    415: Words(
        "unsupported-type",
        "This kind of content is not taken",
        "Pages take forms; the API takes application/json.",
    ),
    429: Words(
        "too-many-requests", "Too many attempts", "Wait a little, then try again. Nothing is lost."
    ),
    500: Words(
        "internal-error",
        "Something went wrong here",
        "It is our mistake, and it was logged. Nothing you had stored is lost. Load the page "
        "again; if it stays, tell an administrator the id below.",
    ),
    503: Words(
        "unavailable",
        "This cannot be answered now",
        "Something it needs does not answer. Nothing is lost; try again in a few seconds.",
    ),
}
_CSRF = Words(
    "csrf",
    "This form is too old",
    "You logged in or out since it was shown, or your browser keeps no cookies. Load the page "
    "again and repeat what you did.",
)
_CSRF_OF_A_PROGRAM = (
    "A session may only act with the CSRF token of its cookie: send X-CSRFToken, or an API token "
    "as Authorization: Bearer instead of the session."
)


@dataclass(frozen=True)
class Problem:
    """One error as it is shown; `back` is the page it came from, where that can be told."""

    status: int
    words: Words
    message: str
    id: str
    fields: Mapping[str, str] = field(default_factory=dict)
    back: str = ""

    def document(self) -> dict[str, object]:
        """This method will give the error as machines read it."""
        error: dict[str, object] = {"status": self.status, "code": self.words.code}
        error["message"] = self.message
        if self.fields:
            error["fields"] = dict(self.fields)
        return {"error": error | {"id": self.id}}

    def page(self, request: HttpRequest | None) -> str:
        """This method will give the error as people read it, and never fail."""
        try:
            return render_to_string("error.html", {"problem": self, "request": request})
        except Exception:
            log.exception("the page of an error cannot be rendered", error_id=self.id)
            shown = {"title": self.words.title, "message": self.message, "id": self.id}
            escaped = {name: escape(text) for name, text in shown.items()}
            return _PLAIN.format(status=self.status, **escaped)


def answer(
    request: HttpRequest,
    status: int,
    message: str = "",
    *,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    words: Words | None = None,
) -> HttpResponse:
    """This function will answer with an error: a page, or JSON where JSON is wanted.

    `message` replaces the sentence of the status; `fields` says what is wrong with each thing that
    was sent, by name. The id is that of the request, which stands on its line in the log.
    """
    words = words or WORDS.get(status) or _unnamed(status)
    back = _page_above(request.path) if status in (403, 405, 409) else ""
    # Not request.GET: what cannot be read raises there again.
    if status == 400 and request.META.get("QUERY_STRING"):
        back = request.path  # without what it could not read
    problem = Problem(status, words, message or words.message, error_id(), fields or {}, back)
    response: HttpResponse
    if wants_json(request):
        response = JsonResponse(problem.document(), status=status)
    else:
        response = HttpResponse(problem.page(request), status=status)
    response["Cache-Control"] = "no-store"
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Software Factory"'
    for name, value in (headers or {}).items():
        response[name] = value
    response.shows_error = True  # type: ignore[attr-defined]
    return response


def error_id() -> str:
    """This function will give the id of the request, or a new one that is logged at once."""
    bound = structlog.contextvars.get_contextvars().get("request_id")
    if bound:
        return str(bound)
    made = secrets.token_hex(8)
    log.warning("an error outside a request was shown", error_id=made)
    return made


def last_resort(error_id: str, path: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """This function will give headers and body of a 500 that Django itself could not answer."""
    problem = Problem(500, WORDS[500], WORDS[500].message, error_id)
    if path.startswith(API):
        kind, body = "application/json", json.dumps(problem.document()).encode()
    else:
        kind, body = "text/html; charset=utf-8", problem.page(None).encode()
    length = str(len(body)).encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", length)]
    return [*headers, (b"cache-control", b"no-store")], body


def wants_json(request: HttpRequest) -> bool:
    """This function will tell whether the other side is a machine: by address, or as it accepts."""
    if request.path.startswith(API):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """This view will answer what cannot be read; only sentences meant for people are shown."""
    if isinstance(exception, RequestDataTooBig):
        return answer(request, 413)
    if isinstance(exception, DisallowedHost):
        return answer(
            request,
            400,
            "This server does not go by the name it was asked by. An administrator adds a name "
            "to FACTORY_ALLOWED_HOSTS.",
        )
    if isinstance(exception, TooManyFieldsSent | TooManyFilesSent):
        return answer(request, 400, _TOO_MANY)
    return answer(request, 400, str(exception) if type(exception) is BadRequest else "")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """This view will answer what a role does not allow."""
    return answer(request, 403, str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """This view will answer what does not exist, or must not be known to exist."""
    return answer(request, 404)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """This view will answer a form or a program whose CSRF token is missing or old."""
    message = _CSRF_OF_A_PROGRAM if wants_json(request) else ""
    return answer(request, 403, message, words=_CSRF)


class Errors:
    """Middleware: what views raise or answer without a body becomes the one page or document."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """This method will answer the request and dress errors that have no body."""
        # A scope is there behind factory.bridge only.
        refused = request.META.get("asgi.scope", {}).get(REFUSED)
        refused = refused or intake.refusal(request.path, request.META)
        if refused:
            return answer(request, refused)
        if intake.fields(request.META) > intake.MOST_FIELDS:
            return answer(request, 400, _TOO_MANY)
        response = self.get_response(request)
        if response.status_code < 400 or _is_dressed(request, response):
            return response
        kept = {name: response[name] for name in _KEPT if name in response}
        message = _ONLY_SHOWN if "GET" in kept.get("Allow", "") else ""
        if "Allow" in kept and wants_json(request):
            message = f"This address takes {kept['Allow']} and not {request.method}."
        return answer(request, response.status_code, message, headers=kept)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """This method will answer what was anticipated; the rest is a defect and stays a 500."""
        match exception:
            case Stale() | Refused():
                return answer(request, 409, str(exception))
            case membership.Gone():
                return answer(request, 410, str(exception))
            case access.Denied():
                return answer(request, 403, str(exception))
            case planning.Wrong() | BadArtefact() | addresses.Refused() | ValidationError():
                message, fields = _malformed(exception)
                return answer(request, 400, message, fields=fields)
            case UnreadablePostError():
                return answer(request, 408)
        return None


class LoginRequired(LoginRequiredMiddleware):
    """Middleware: whoever is not logged in is led to the log-in; a machine is told 401."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        """This method will answer a request nobody is logged in for."""
        if wants_json(request):
            return answer(request, 401)
        return super().handle_no_permission(request, view_func)


def sent_to(method: str | None, path: str) -> str:
    """This function will give the page to go back to when something was sent, else ""."""
    return "" if method in ("GET", "HEAD") else _page_above(path)


def _is_dressed(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether it says what is wrong: in words of ours, or in its own where no document is due."""
    if response.streaming or hasattr(response, "shows_error"):
        return True
    return bool(getattr(response, "content", b"")) and not request.path.startswith(API)


def _unnamed(status: int) -> Words:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Error"
    return Words(phrase.lower().replace(" ", "-"), phrase, "This cannot be done.")


def _malformed(error: Exception) -> tuple[str, dict[str, str]]:
    """The sentence, and what is wrong with each field; what concerns no field stands below `body`."""
    match error:
        case planning.Wrong():
            return f"Cannot be taken: {', '.join(error.fields)}.", error.fields
        case BadArtefact():
            return str(error), {str(error).partition(" ")[0]: str(error)}
        case addresses.Refused():
            return str(error), _field(error)
        case ValidationError() if hasattr(error, "error_dict"):
            fields = {name: " ".join(said) for name, said in error.message_dict.items()}
            return f"Malformed: {', '.join(fields)}.", fields
    return "Malformed.", {"body": str(error)}


def _field(refused: addresses.Refused) -> dict[str, str]:
    """The field a refusal speaks of, as the API calls it: one address stands among several."""
    name, _, cause = str(refused).partition(": ")
    return {"addresses": str(refused)} if name.startswith("address") else {name: cause}


def _page_above(path: str) -> str:
    """The nearest address above one of an act that is itself a page."""
    for above in _above(path):
        try:
            resolve(above)
        except Resolver404:
            continue
        return above
    return "/"


def _above(path: str) -> Iterator[str]:
    parts = path.strip("/").split("/")
    for length in range(len(parts) - 1, 0, -1):
        yield "/" + "/".join(parts[:length]) + "/"
