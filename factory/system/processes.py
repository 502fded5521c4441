"""What runs on this machine, and the versions of what it is made of."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from factory.doctor import asking, machine, stores
from factory.supervisor import control
from factory.supervisor.control import Shown
from jobs import beats, board, process, version
from jobs.timetable import for_staff

_MEANS = {
    "supervisor": "starts the others, and starts again what ends or falls silent",
    "web": "answers pages, the API and sockets",
    "qcluster": "starts the runners, which execute jobs",
    "relay": "sends open pages what changed",
    "watchdog": "ends runners that hang, settles those that died",
    "postgres": "the database: everything that is kept",
    "valkey": "carries live messages and the cache; keeps nothing",
}
_BEATING = {"qcluster": ("sentinel", "pusher")}
_ANSWER_S = 2.0
_VERSIONS: dict[str, asking.Question] = {
    "python": machine.python,
    "packages": machine.packages,
    "database": stores.database,
    "valkey": stores.valkey,
    "migrations": stores.migrations,
}


@dataclass(frozen=True)
class Process:
    """One process: what it is for, the age of its last beat, its memory, its code, and what is wrong with it."""

    of: Shown
    means: str
    beat_age_s: float | None
    memory_mb: int | None
    code: str
    trouble: str


@require_safe
@for_staff
def shown(request: HttpRequest) -> HttpResponse:
    """This view will list this machine's processes, and ask for the versions below them."""
    seen, mine = board.clock(), version.of_this_process()
    answers = asking.ask(_VERSIONS, _ANSWER_S)
    context = {
        "v": seen,
        "host": process.host(),
        "mine": mine,
        "on_disk": version.on_disk(),
        "supervised": control.is_running(),
        "processes": [_process(one) for one in control.status()],
        "checks": [check for answer in answers.values() for check in answer.checks],
    }
    return render(request, "system/processes.html", context)


def _process(one: Shown) -> Process:
    beating = _BEATING.get(one.name, (one.name,))
    late = [f"{name} {text}" for name in beating if (text := beats.trouble(name))]
    ages = [age for name in beating if (age := beats.age(name)) is not None]
    return Process(
        one,
        _MEANS.get(one.name, ""),
        max(ages, default=None),
        process.memory_mb(one.pid),
        beats.code(beating[0]),
        "halted by a signal" if process.is_stopped(one.pid) else ", ".join(late),
    )
