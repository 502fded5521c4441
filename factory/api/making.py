"""Jobs that people make, and acts on many jobs at once: counted first, then done."""

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query
from ninja.errors import HttpError

from factory import ledger_shapes, shapes
from factory.api.answers import ACT_ERRORS, ERRORS, api, fresh
from factory.api.callers import caller
from factory.api.jobs import described
from jobs import board, choosing, controls, kinds, ports, queue
from jobs.choosing import Selection
from jobs.models import Job, Stale

_MANY = Query(...)


@api.post("/jobs", response={201: shapes.Job, **ACT_ERRORS}, summary="Make a job")
def new_job(request: HttpRequest, given: ledger_shapes.NewJob) -> HttpResponse:
    """Staff only: a job of a kind that people may have made. 400 says which argument is wrong."""
    user = caller(request, "write").user
    if not ports.scopes.allows(user, "enqueue", None):
        raise Http404
    scope = ports.scopes.named(given.project) if given.project else None
    if given.project and scope is None:
        raise HttpError(400, f"project: there is no project {given.project}; give its slug.")
    options = given.dict(exclude={"kind", "arguments", "project"})
    try:
        kind = kinds.offered(given.kind).name
        made = queue.enqueue(kind, given.arguments, scope=scope, actor=f"user:{user.pk}", **options)
    except (kinds.UnknownKind, kinds.BadArguments) as error:
        raise HttpError(400, f"{str(error)[:500]}.") from None
    shown = board.labelled([board.shown(Job.objects.filter(pk=made.pk)).get()])[0]
    return api.create_response(request, described(shown), status=201)


@api.get(
    "/jobs/selections",
    response={200: ledger_shapes.ManyCounted, **ERRORS},
    summary="Count the jobs an act on many would change",
)
def selected(request: HttpRequest, asked: ledger_shapes.AskedMany = _MANY) -> HttpResponse:
    """By ids, or by the filters of the page of jobs; to be asked before it is done."""
    user = caller(request, "read").user
    told = asked.dict(exclude={"act", "job", "end"})
    return fresh(request, _counted(user, asked.act, _selection(told, asked.job, asked.end)))


@api.post(
    "/jobs/selections",
    response={200: ledger_shapes.ManyDone, **ACT_ERRORS},
    summary="Act on many jobs",
)
def selections(request: HttpRequest, given: ledger_shapes.ManyActs) -> HttpResponse:
    """All that were counted, in one statement. 409 when it would be others than so many now."""
    user = caller(request, "write").user
    chosen = _selection(given.where.dict(), given.job, given.end)
    control: Any = controls.BY_NAME[given.act]
    with transaction.atomic():
        jobs = chosen.jobs(user, control)
        now = jobs.count()
        if now != given.count:
            raise Stale(f"{given.count} were counted, and now it is {now}. Count them again.")
        outcome = control.bulk(jobs, by=f"user:{user.pk}", reason=given.reason)
    told = outcome._asdict() | {"said": controls.counted(control, outcome), "act": given.act}
    return api.create_response(request, told, status=200)


def _selection(told: dict[str, str], ids: list[int], end: int | None) -> Selection:
    plain = {name: text.replace("\0", "") for name, text in told.items()}
    if ids:
        return Selection(choosing.filter_of(plain), tuple(sorted(set(ids))))
    last = end or Job.objects.aggregate(last=Max("pk"))["last"] or 0
    return Selection(choosing.filter_of(plain), (), last)


def _counted(user: Any, act: str, chosen: Selection) -> dict[str, Any]:
    jobs = chosen.jobs(user, controls.BY_NAME[act])
    count = jobs.count()
    return {
        "act": act,
        "count": count,
        "unable": chosen.seen(user).count() - count,
        "end": chosen.end,
        "first": list(jobs.order_by("pk").values_list("pk", flat=True)[:5]),
    }
