"""The API itself and the forms of its answers: what was found, unchanged, refused or malformed."""

import json
from hashlib import sha256
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation
from ninja.responses import NinjaJSONEncoder

from factory import errors, shapes
from factory.api import pace
from factory.api.callers import Forged, Session, Token

ERRORS = dict.fromkeys((400, 401, 403, 404, 429, 503), shapes.Error)
ACT_ERRORS = ERRORS | dict.fromkeys((408, 409, 413, 415), shapes.Error)


class Api(NinjaAPI):
    """The operations of the API under names that do not follow our modules."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """This method will give the name by which generated clients know an operation."""
        return f"factory_api_{operation.view_func.__name__}"


api = Api(
    title="Software Factory",
    version="1",
    description="Every call needs a session or “Authorization: Bearer TOKEN”.",
    docs_url=None,
    openapi_url=None,
    auth=[Token(), Session()],
    default_router=Router(by_alias=True),
    urls_namespace="api",
)


def fresh(
    request: HttpRequest, found: dict[str, Any], unless: tuple[str, ...] = ()
) -> HttpResponse:
    """This function will answer with what was found, or 304 when the other side has the same.

    `unless` names what does not count.
    """
    told = {name: value for name, value in found.items() if name not in unless}
    mark = sha256(json.dumps(told, cls=NinjaJSONEncoder, sort_keys=True).encode()).hexdigest()[:32]
    etag = f"W/{quote_etag(mark)}"
    response = api.create_response(request, found, status=200)
    response["ETag"], response["Cache-Control"] = etag, "private, no-cache"
    answered = get_conditional_response(request, etag=etag, response=response)
    return answered or response


@api.exception_handler(Exception)
def _defect(request: HttpRequest, error: Exception) -> HttpResponse:
    raise error  # one place answers: factory.errors


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return errors.answer(request, 404)


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    return errors.answer(request, error.status_code, error.message)


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    try:
        pace.of_stranger(request)
    except pace.TooMany as too_many:
        return _too_many(request, too_many)
    return errors.answer(request, 401)


@api.exception_handler(pace.TooMany)
def _too_many(request: HttpRequest, error: pace.TooMany) -> HttpResponse:
    return errors.answer(request, 429, str(error), headers={"Retry-After": str(error.wait)})


@api.exception_handler(Forged)
def _forged(request: HttpRequest, error: Forged) -> HttpResponse:
    return errors.forged(request)


@api.exception_handler(ValidationError)
def _malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = {_field(one["loc"]): str(one["msg"]) for one in error.errors}
    told = "; ".join(f"{field}: {cause}" for field, cause in fields.items())
    return errors.answer(request, 400, f"Malformed: {told}.", fields=fields)


def _field(place: tuple[Any, ...]) -> str:
    """The name by which the sender knows it: of a body without the name of our parameter."""
    skipped = 2 if place[0] == "body" else 1
    return ".".join(str(part) for part in place[skipped:]) or "body"
