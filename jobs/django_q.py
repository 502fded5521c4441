"""django-q2's own API: `async_task` becomes a job, and everything else answers from the ledger.

`django_q_task` is a view of our jobs (`jobs/sql/django_q.sql`), so `result`, `fetch`, groups and
`Task.objects` read the ledger itself. What cannot be honoured refuses with a sentence.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from reprlib import repr as shown
from typing import Any, NoReturn

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django_q.conf import Conf
from django_q.models import Task
from django_q.signals import pre_enqueue
from django_q.signing import SignedPackage

from jobs import kinds, plain, queue
from jobs.context import Run
from jobs.failures import Anticipated, FailureClass
from jobs.models import Policy
from jobs.models.job import TASK

HOOK = "django_q.hook"
_REFUSED = {
    "sync": "call the function itself",
    "chain": "let each function start the next with async_task",
    "cached": "results are kept in the ledger: ask result() without cached",
    "iter_count": "call async_task for each, with a group",
    "iter_cached": "call async_task for each, with a group",
}
_NEVER = ("jobs", "factory", "django_q", "django")
"""Whatever the settings say: below these are doors to the database and to other programs."""
_ACTOR = "async_task"
_CLUSTERS = (None, "", Conf.CLUSTER_NAME)


class NotHonoured(ValueError):
    """Something of django-q2's API that the ledger cannot do as it says; the text says what to do."""


class NotAllowed(Anticipated):
    """A function that `async_task` may not run here."""

    failure_class = FailureClass.INVALID_INPUT


class NoCache:
    """What django-q2 finds instead of a cache: whoever asks it for something is told why not."""

    def __bool__(self) -> bool:
        """This method will say that there is none."""
        return False

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotHonoured(
            "cached results and iterables: the ledger keeps results: leave cached out"
        )


@kinds.register(TASK, timeout=3600, idle=3600, internal=True)
def carry_out(
    run: Run,
    *,
    id: str,  # django-q2's own word, by which its users ask
    function: str,
    args: list[Any],
    kwargs: dict[str, Any],
    timeout: float | None = None,
    **told: Any,
) -> Any:
    """Carries out a function that was given to django-q2's async_task."""
    if timeout is not None:
        run.within(timeout)
    return located(function)(*args, **kwargs)


@kinds.register(HOOK, timeout=3600, idle=3600, internal=True)
def call_hook(run: Run, *, task: str) -> None:
    """Calls the hook of a function that async_task was given, with its django-q2 Task."""
    found = Task.objects.filter(id=task).first()
    if found is not None:  # none was saved, as its caller wanted
        located(found.hook)(found)


def enqueue(package: str) -> int:
    """This function will make a job of a task that django-q2 signed, and give its number.

    The row belongs to the caller's transaction.
    """
    task = SignedPackage.loads(package)
    arguments = {
        "id": task["id"],
        "name": str(task["name"])[:100],
        "function": task["func"],
        "args": list(task["args"]),
        "kwargs": task["kwargs"],
        "hook": task.get("hook") or "",
        "group": str(task.get("group") or "")[:100],
        "save": bool(task.get("save", True)),
    }
    if (seconds := task.get("timeout")) not in (None, -1):
        arguments["timeout"] = seconds
    with transaction.atomic():
        job = queue.enqueue(TASK, arguments, subject=task["func"], actor=_ACTOR)
        if arguments["hook"]:
            told: queue.Options = {
                "subject": f"hook of {task['func']}",
                "actor": _ACTOR,
                "root": job.pk,
                "depends": [job.pk],
                "policy": Policy.IGNORE,
            }
            queue.enqueue(HOOK, {"task": task["id"]}, **told)
    return int(job.pk)


def prepare(task: dict[str, Any], **_: Any) -> None:
    """This function will name a task's functions, and refuse what the ledger cannot honour.

    django-q2 calls it before it signs a task. Raises `NotHonoured` and `NotAllowed`.
    """
    _refuse_options(task)
    for function in ("func", "hook"):
        if task.get(function):
            task[function] = name_of(task[function])
    check_kept(task["func"], task["args"], task["kwargs"])


def check_kept(function: str, args: Iterable[Any], kwargs: dict[str, Any]) -> None:
    """This function will refuse arguments that would come back from the row otherwise.

    It keeps JSON: a tuple would become a list, a key 1 "1". Raises `NotHonoured`.
    """
    for given in (*args, *kwargs.values()):
        if not plain.is_same(given):
            cure = "give ids, texts, numbers, and lists and objects of them, with text keys"
            told = f"async_task {function}: {shown(given):.80} is not kept as it is: {cure}"
            raise NotHonoured(f"{told}, at most {plain.MOST_LEVELS} levels deep")


def _refuse_options(task: dict[str, Any]) -> None:
    for option, instead in _REFUSED.items():
        if task.get(option):
            raise NotHonoured(f"async_task {option}: not with the ledger: {instead}")
    if task.get("cluster") not in _CLUSTERS:
        raise NotHonoured(f"async_task cluster={task['cluster']!r}: there is one: leave it out")
    seconds = task.get("timeout")
    if seconds not in (None, -1) and not (type(seconds) in (int, float) and 0 < seconds < 3600):
        raise NotHonoured(
            f"async_task timeout={seconds!r}: give seconds up to 3600, or leave it out"
        )
    if not task.get("ack_failure", True):
        cure = "failures are retried by class: leave it out"
        raise NotHonoured(f"async_task ack_failure=False: {cure}")


def install() -> None:
    """This function will have django-q2 call `prepare` before each of its tasks."""
    pre_enqueue.connect(prepare, dispatch_uid="jobs.django_q")


def name_of(function: Any) -> str:
    """This function will give the dotted path of a function that may be run here.

    Raises `NotAllowed`.
    """
    if isinstance(function, str):
        located(function)
        return function
    path = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
    if located(path) is not function:
        raise NotAllowed(f"{path}: give a function of a module, which a worker can find by name")
    return path


def located(path: str) -> Callable[..., Any]:
    """This function will find a function by its dotted path, if it may be run here.

    It must be defined, not only imported, in the `tasks` of an installed app or in a module of
    `FACTORY_TASK_MODULES`; what belongs to the machinery itself is never run.
    """
    module, _, name = path.rpartition(".")
    if _below(module, _NEVER):
        raise NotAllowed(f"{path}: it belongs to the product: give a function of your own tasks")
    if not _allowed(module):
        raise NotAllowed(
            f"{path}: not in the tasks of an app: name its module in FACTORY_TASK_MODULES"
        )
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError):
        raise NotAllowed(f"{path}: there is no such function: give its dotted path") from None
    if not callable(found):
        raise NotAllowed(f"{path}: it cannot be called: give a function's dotted path")
    if not _allowed(getattr(found, "__module__", None) or ""):
        raise NotAllowed(f"{path}: it is defined elsewhere: give the path of its own module")
    return found  # type: ignore[no-any-return]


def _allowed(module: str) -> bool:
    tasks = (f"{app.name}.tasks" for app in apps.get_app_configs())
    roots = (*tasks, *settings.FACTORY_TASK_MODULES)
    return _below(module, roots) and not _below(module, _NEVER)


def _below(module: str, roots: Iterable[str]) -> bool:
    return any(module == root or module.startswith(f"{root}.") for root in roots)
