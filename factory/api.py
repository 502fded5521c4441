"""The API: the calls the pages make, for programs. Errors are those of `factory.errors`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from ninja import Body, NinjaAPI, Query
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.responses import NinjaJSONEncoder
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from factory import errors, shapes, snapshot, tokens
from jobs import board, controls, overall, ports, summary, why
from jobs.controls import Control
from jobs.models import Job
from jobs.states import State
from projects import board as projects_board
from projects import registration
from projects.models import Membership, Project

_ERRORS = {400: shapes.Error, 401: shapes.Error, 403: shapes.Error, 404: shapes.Error}
_ACT_ERRORS = _ERRORS | {409: shapes.Error, 413: shapes.Error, 415: shapes.Error}
PROJECTS = 50
_NO_WORDS = Body(shapes.Words())
_NO_REPAIR = Body(shapes.Repair())


class Forged(Exception):
    """A request with a session, but without the CSRF token that our own pages send."""


@dataclass(frozen=True)
class Caller:
    """Who asks, and what the session or token allows of what that person may do."""

    user: Any
    scopes: frozenset[str]


class Token(HttpBearer):
    """A bearer token of one's account page."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """This method will give who the token speaks for, or None."""
        found = tokens.authenticate(request)
        return Caller(*found) if found else None


class Session(APIKeyCookie):
    """The session of a browser; acts need the CSRF token in X-CSRFToken."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Caller | None:
        """This method will give who is logged in; whoever names a token is judged by that alone."""
        if "Authorization" in request.headers or not request.user.is_authenticated:
            return None
        if check_csrf(request):
            raise Forged
        return Caller(request.user, frozenset({"read", "write"}))

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        """This method will not be asked."""
        raise NotImplementedError


api = NinjaAPI(
    title="Software Factory",
    version="1",
    description="Every call needs a session or “Authorization: Bearer TOKEN”.",
    docs_url=None,
    openapi_url=None,
    auth=[Token(), Session()],
    urls_namespace="api",
)


@api.get("/openapi.json", include_in_schema=False)
def schema(request: HttpRequest) -> HttpResponse:
    """This view will describe the API as OpenAPI 3.1."""
    return _fresh(request, document())


@cache
def document() -> dict[str, Any]:
    """This function will make the description, once: it takes a tenth of a second."""
    return api.get_openapi_schema(path_prefix="/api/")


@api.get("/status", response={200: shapes.Status, **_ERRORS}, summary="What is going on")
def status(request: HttpRequest) -> HttpResponse:
    """Whether work can be done, unfinished jobs by state, and how far the running ones are."""
    found = snapshot.of(_caller(request, "read").user)
    return _fresh(request, found, unless=("as_of",))


@api.get("/health", response={200: shapes.Health, **_ERRORS}, summary="How the whole is")
def health(request: HttpRequest) -> HttpResponse:
    """What is stuck, stalled, old, failed and unread, undelivered or paused; the last verification."""
    found = overall.overall(_caller(request, "read").user)
    return _fresh(request, overall.describe(found))


@api.get("/me", response={200: shapes.Me, **_ERRORS}, summary="Who asks")
def me(request: HttpRequest) -> HttpResponse:
    """Your name, what this session or token may do, and your roles."""
    caller = _caller(request, "read")
    roles = Membership.objects.filter(user_id=caller.user.pk).order_by("project__slug")
    found = {
        "id": caller.user.pk,
        "name": caller.user.get_username(),
        "staff": caller.user.is_staff,
        "scopes": sorted(caller.scopes),
        "roles": [
            {"project": slug, "role": role}
            for slug, role in roles.values_list("project__slug", "role")
        ],
    }
    return _fresh(request, found)


@api.get("/projects", response={200: shapes.Projects, **_ERRORS}, summary="Projects you may see")
def projects(
    request: HttpRequest,
    after: int = Query(0, ge=0, le=2**63 - 1),
    limit: int = Query(PROJECTS, ge=1, le=PROJECTS),
) -> HttpResponse:
    """The projects you may see with their repositories, by id."""
    user = _caller(request, "read").user
    found = list(Project.objects.visible_to(user).filter(pk__gt=after).order_by("pk")[: limit + 1])
    shown = found[:limit]
    repositories: dict[int, list[Any]] = {project.pk: [] for project in shown}
    for one in projects_board.with_status(list(repositories)).order_by("name", "pk"):
        repositories[one.project_id].append(_repository(one))
    listed = [
        {
            "id": project.pk,
            "slug": project.slug,
            "name": project.name,
            "archived_at": project.archived_at,
            "repositories": repositories[project.pk],
        }
        for project in shown
    ]
    further = shown[-1].pk if len(found) > limit else None
    return _fresh(request, {"projects": listed, "next": further})


@api.post(
    "/repositories",
    response={201: list[shapes.Registered], **_ACT_ERRORS},
    summary="Register repositories",
)
def repositories(request: HttpRequest, given: shapes.Registration) -> HttpResponse:
    """Registers repositories and starts their first jobs, all or none of them."""
    user = _caller(request, "write").user
    done = registration.register(
        [address.strip() for address in given.addresses],
        project=given.project.strip() or None,
        branch=given.branch.strip(),
        token=given.token.strip(),
        actor=f"user:{user.pk}",
    )
    made = [
        {
            "repository": one.repository.pk,
            "project": one.repository.project.slug,
            "job": one.job.pk,
            "state": one.job.state,
            "created": one.created,
        }
        for one in done
    ]
    return api.create_response(request, made, status=201)


@api.get("/jobs/{int:pk}", response={200: shapes.Job, **_ERRORS}, summary="One job")
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """One job with its progress."""
    return _fresh(request, _described(_job(_caller(request, "read"), pk)))


@api.get("/jobs/{int:pk}/reasons", response={200: shapes.Reasons, **_ERRORS}, summary="Why")
def reasons(request: HttpRequest, pk: int) -> HttpResponse:
    """Why a job is where it is, from rows, locks and processes as they are now."""
    found = _job(_caller(request, "read"), pk)
    evidence = [why.describe(sentence) for sentence in why.why(found)]
    shown = {"id": pk, "state": found.state, "shown": found.shown, "evidence": evidence}  # type: ignore[attr-defined]
    return _fresh(request, shown)


def _operation(control: Control) -> Callable[..., HttpResponse]:
    def operation(request: HttpRequest, pk: int, given: shapes.Words = _NO_WORDS) -> HttpResponse:
        return _act(request, pk, control, given.reason)

    operation.__name__ = control.noun
    operation.__doc__ = f"{control.consequence} 409 says what is true when it cannot be done."
    return operation


for _control in controls.ALL:
    api.post(
        f"/jobs/{{int:pk}}/{_control.noun}",
        response={200: shapes.Act, **_ACT_ERRORS},
        summary=f"{_control.verb}: one job",
    )(_operation(_control))


@api.post(
    "/jobs/{int:pk}/repairs",
    response={200: shapes.Act, **_ACT_ERRORS},
    summary="Repair: set a state by hand",
)
def repairs(request: HttpRequest, pk: int, given: shapes.Repair = _NO_REPAIR) -> HttpResponse:
    """Staff only: within the legal moves, with the reason on record. 409 says what hinders it."""
    caller, found = _permitted(request, pk, "repair")
    if given.to is None or not given.reason.strip():
        raise HttpError(400, "Give to, the state it is set to, and reason, for the record.")
    by = f"user:{caller.user.pk}"
    done = controls.repair(found, State(given.to), by=by, reason=given.reason)
    return api.create_response(request, done.described(pk), status=200)


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
    return errors.answer(request, 401)


@api.exception_handler(Forged)
def _forged(request: HttpRequest, error: Forged) -> HttpResponse:
    return errors.forged(request)


@api.exception_handler(ValidationError)
def _malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = {_field(one["loc"]): str(one["msg"]) for one in error.errors}
    return errors.answer(request, 400, f"Malformed: {', '.join(fields)}.", fields=fields)


def _field(place: tuple[Any, ...]) -> str:
    """The name by which the sender knows it: of a body without the name of our parameter."""
    skipped = 2 if place[0] == "body" else 1
    return ".".join(str(part) for part in place[skipped:]) or "body"


def _caller(request: HttpRequest, scope: str) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]
    if scope not in caller.scopes:
        raise HttpError(403, f"This token may not {scope}. Make one that may on your account page.")
    return caller


def _job(caller: Caller, pk: int) -> Job:
    found = board.shown(Job.objects.visible_to(caller.user))
    return board.labelled([get_object_or_404(found, pk=pk)])[0]


def _permitted(request: HttpRequest, pk: int, act: str) -> tuple[Caller, Job]:
    caller = _caller(request, "write")
    found = _job(caller, pk)
    if not ports.scopes.allows(caller.user, act, found.scope):
        raise HttpError(403, errors.WORDS[403].message)
    return caller, found


def _act(request: HttpRequest, pk: int, control: Control, reason: str) -> HttpResponse:
    caller, found = _permitted(request, pk, control.name)
    done = control.do(found, by=f"user:{caller.user.pk}", reason=reason)
    return api.create_response(request, done.described(pk), status=200)


def _described(found: Job) -> dict[str, Any]:
    described = summary.describe(found)
    return described | {
        "project": found.scope_label or None,  # type: ignore[attr-defined]
        "shown": found.shown,  # type: ignore[attr-defined]
        "arguments": _masked(found.arguments),
        "result": _masked(found.result),
    }


def _masked(value: Any) -> Any:
    text = board.mask(value)
    try:
        return json.loads(text)
    except ValueError:  # a mark where no text can stand
        return text


def _repository(one: Any) -> dict[str, Any]:
    failure = {"class": one.failure_class, "message": one.failure_message}
    return {
        "id": one.pk,
        "name": one.name,
        "address": one.address,
        "branch": one.branch,
        "map_status": one.map_status,
        "head_commit": one.head_commit,
        "synced_at": one.synced_at,
        "failure": failure if one.failure_class else None,
    }


def _fresh(
    request: HttpRequest, found: dict[str, Any], unless: tuple[str, ...] = ()
) -> HttpResponse:
    """What was found, or 304 when the other side has the same; `unless` names what does not count."""
    told = {name: value for name, value in found.items() if name not in unless}
    mark = sha256(json.dumps(told, cls=NinjaJSONEncoder, sort_keys=True).encode()).hexdigest()[:32]
    etag = f"W/{quote_etag(mark)}"
    response = api.create_response(request, found, status=200)
    response["ETag"], response["Cache-Control"] = etag, "private, no-cache"
    answered = get_conditional_response(request, etag=etag, response=response)
    return answered or response


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
