"""Jobs: one by one, why they are where they are, and the acts on them."""

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Body
from ninja.errors import HttpError

from factory import errors, shapes
from factory.api.answers import ACT_ERRORS, ERRORS, api, fresh
from factory.api.callers import Caller, caller
from jobs import board, choosing, controls, detail, edges, ports, summary, why
from jobs.controls import Control
from jobs.models import Job
from jobs.states import State

_NO_WORDS = Body(shapes.Words())


@api.get("/jobs/{int:pk}", response={200: shapes.Job, **ERRORS}, summary="One job")
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """One job with its progress."""
    return fresh(request, described(_job(caller(request, "read"), pk)))


@api.get("/jobs/{int:pk}/reasons", response={200: shapes.Reasons, **ERRORS}, summary="Why")
def reasons(request: HttpRequest, pk: int) -> HttpResponse:
    """Why a job is where it is, from rows, locks and processes as they are now."""
    found = _job(caller(request, "read"), pk)
    evidence = [why.describe(sentence) for sentence in why.why(found)]
    shown = {"id": pk, "state": found.state, "shown": found.shown, "evidence": evidence}  # type: ignore[attr-defined]
    return fresh(request, shown)


def _operation(control: Control) -> Callable[..., HttpResponse]:
    def operation(request: HttpRequest, pk: int, given: shapes.Words = _NO_WORDS) -> HttpResponse:
        return _act(request, pk, control, given.reason)

    operation.__name__ = control.noun
    operation.__doc__ = f"{control.consequence} 409 says what is true when it cannot be done."
    return operation


for _control in controls.ALL:
    api.post(
        f"/jobs/{{int:pk}}/{_control.noun}",
        response={200: shapes.Act, **ACT_ERRORS},
        summary=f"{_control.verb}: one job",
    )(_operation(_control))


@api.post(
    "/jobs/{int:pk}/repairs",
    response={200: shapes.Act, **ACT_ERRORS},
    summary="Repair: set a state by hand",
)
def repairs(request: HttpRequest, pk: int, given: shapes.Repair) -> HttpResponse:
    """Staff only: within the legal moves, with the reason on record. 409 says what hinders it."""
    who, found = _permitted(request, pk, "repair")
    by = f"user:{who.user.pk}"
    done = controls.repair(found, State(given.to), by=by, reason=given.reason)
    return api.create_response(request, done.described(pk), status=200)


@api.post(
    "/jobs/{int:pk}/dependencies",
    response={200: shapes.Act, **ACT_ERRORS},
    summary="Waits for: tie one job to others",
)
def dependencies(request: HttpRequest, pk: int, given: shapes.Parents) -> HttpResponse:
    """It begins only when the others are done. 409 when it was begun, or for a circle."""
    who, found = _permitted(request, pk, edges.NAME)
    on = choosing.seen(who.user, given.on, "on")
    done = edges.depend(found, on, policy=given.policy, by=f"user:{who.user.pk}")
    return api.create_response(request, done.described(pk), status=200)


@api.post(
    "/jobs/{int:pk}/releases",
    response={200: shapes.Act, **ACT_ERRORS},
    summary="Waits no longer: untie one job from others",
)
def releases(request: HttpRequest, pk: int, given: shapes.Parents) -> HttpResponse:
    """It goes on when nothing else holds it. 409 when it does not wait for one of them."""
    who, found = _permitted(request, pk, edges.NAME)
    done = edges.release(found, given.on, by=f"user:{who.user.pk}")
    return api.create_response(request, done.described(pk), status=200)


def _job(who: Caller, pk: int) -> Job:
    found = board.shown(Job.objects.visible_to(who.user))
    return board.labelled([get_object_or_404(found, pk=pk)])[0]


def _permitted(request: HttpRequest, pk: int, act: str) -> tuple[Caller, Job]:
    who = caller(request, "write")
    found = _job(who, pk)
    if not ports.scopes.allows(who.user, act, found.scope):
        raise HttpError(403, errors.WORDS[403].message)
    return who, found


def _act(request: HttpRequest, pk: int, control: Control, reason: str) -> HttpResponse:
    who, found = _permitted(request, pk, control.name)
    done = control.do(found, by=f"user:{who.user.pk}", reason=reason)
    return api.create_response(request, done.described(pk), status=200)


def described(found: Job) -> dict[str, Any]:
    """This function will describe a job that was read with `board.shown` and `board.labelled`."""
    described = summary.describe(found)
    return described | {
        "project": found.scope_label or None,  # type: ignore[attr-defined]
        "shown": found.shown,  # type: ignore[attr-defined]
        "arguments": masked(found.arguments),
        "result": masked(found.result),
    }


def masked(value: Any) -> Any:
    """This function will take out of plain JSON what looks like a credential."""
    text = detail.mask(value)
    try:
        return json.loads(text)
    except ValueError:  # a mark where no text can stand
        return text
