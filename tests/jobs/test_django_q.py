"""django-q2's own API, as its users call it: the pinned version, a real database, a real runner."""

import inspect
import re
import threading
from collections.abc import Callable
from importlib.metadata import version
from io import StringIO
from typing import Any

import django_q.tasks
import pytest
from django.core.management import call_command, get_commands
from django.db import DatabaseError, connection, transaction
from django_q.conf import Conf
from django_q.models import Failure, OrmQ, Success, Task
from django_q.status import Stat
from django_q.tasks import (
    AsyncTask,
    Chain,
    Iter,
    async_chain,
    async_iter,
    async_task,
    count_group,
    delete_group,
    fetch,
    fetch_group,
    queue_size,
    result,
    result_group,
)

import projects.tasks
from jobs import django_q as ours
from jobs import plain, queue
from jobs.broker import ResidentBroker
from jobs.django_q import NotAllowed, NotHonoured
from jobs.models import Attempt, Job, Move
from tests.jobs.conftest import introduce, serve

pytestmark = pytest.mark.usefixtures("committed", "task_modules")

PRINTABLE = "tests.jobs.tasks.printable"
BROKEN = "tests.jobs.tasks.broken"


def test_the_pinned_version_is_the_one_that_was_read() -> None:
    assert version("django-q2") == "1.11.1"


def test_each_option_of_theirs_is_honoured_or_refused() -> None:
    source = inspect.getsource(django_q.tasks.async_task)
    block = re.search(r"opt_keys = \((.*?)\)", source, re.S)
    assert block is not None
    honoured = {"hook", "group", "save", "timeout", "cluster", "ack_failure", "broker"}

    known = set(re.findall(r'"(\w+)"', block[1]))

    assert known == honoured | set(ours._REFUSED)


def test_the_view_has_the_columns_of_their_model() -> None:
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, Task._meta.db_table)

    assert {column.name for column in columns} == {field.column for field in Task._meta.fields}


def test_their_migrations_are_those_our_view_replaced() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(name) FROM django_migrations WHERE app = 'django_q'")
        assert cursor.fetchone()[0].startswith("0019_")


def test_a_task_becomes_a_job_and_its_result_comes_from_it() -> None:
    task = async_task(PRINTABLE, "a\x07b", task_name="the bell")

    job = Job.objects.get()
    assert (job.kind, job.state, job.subject) == (ours.TASK, "queued", PRINTABLE)
    assert (result(task), fetch(task)) == (None, None)
    serve()
    assert result(task) == result("the bell") == "a�b"
    found = fetch(task)
    assert (found.success, found.func, found.args, found.kwargs, found.attempt_count) == (
        True,
        PRINTABLE,
        ("a\x07b",),
        {},
        1,
    )
    assert found.time_taken() >= 0


VALUES = [
    "",
    "plain",
    "ö € 😀 \\u0041 \\ ' \" \n\t",
    'X\x05")R.',
    0,
    -1.5,
    True,
    None,
    [1, [2, {"a": None}]],
    {"k" * 300: list(range(500))},
]


def same(value: Any) -> Any:
    """Give back what was given."""
    return value


@pytest.mark.parametrize("value", VALUES, ids=[str(number) for number in range(len(VALUES))])
def test_values_come_back_as_they_were_given(value: Any) -> None:
    task = async_task(same, value=value)
    serve()

    assert fetch(task).kwargs == {"value": value}
    assert result(task) == value


def test_a_task_is_accepted_with_its_transaction_or_not_at_all() -> None:
    with transaction.atomic():
        async_task(PRINTABLE, "a")
        transaction.set_rollback(True)

    assert not Job.objects.exists()


def test_a_task_that_fails_is_fetched_with_its_sentence() -> None:
    task = async_task(BROKEN, "no such state")
    serve()

    found = fetch(task)
    assert (found.success, Failure.objects.count(), Success.objects.count()) == (False, 1, 0)
    assert "no such state" in result(task)
    assert Job.objects.get().failure_class == "bug"


def test_a_group_is_counted_read_and_deleted() -> None:
    good = [async_task(PRINTABLE, text, group="g") for text in ("a", "b")]
    bad = async_task(BROKEN, "x", group="g")
    async_task(PRINTABLE, "other")
    serve()

    assert sorted(result_group("g", count=3)) == ["a", "b"]
    assert {task.id for task in fetch_group("g")} == {*good, bad}
    assert (count_group("g"), count_group("g", failures=True)) == (3, 1)
    delete_group("g", tasks=True)
    assert (count_group("g"), Task.objects.count(), Job.objects.count()) == (0, 1, 4)


def test_who_deletes_results_takes_nothing_from_the_ledger() -> None:
    for function in (PRINTABLE, BROKEN):
        async_task(function, "a")
    serve()
    history = (Job.objects.count(), Move.objects.count(), Attempt.objects.count())

    assert Task.objects.all().delete() == (2, {"django_q.Task": 2})

    assert (Task.objects.count(), Success.objects.count(), Failure.objects.count()) == (0, 0, 0)
    assert (Job.objects.count(), Move.objects.count(), Attempt.objects.count()) == history
    assert set(Job.objects.values_list("state", flat=True)) == {"succeeded", "failed"}
    failed = Job.objects.get(state="failed")
    failed.retry(by="user:1")
    serve()
    failed.refresh_from_db()
    assert (failed.state, failed.attempt) == ("failed", 2)


def test_a_group_that_still_works_is_not_deleted() -> None:
    async_task(PRINTABLE, "a", group="g")

    delete_group("g", tasks=True)

    assert Job.objects.count() == 1


def test_what_is_not_to_be_saved_has_no_result() -> None:
    task = async_task(PRINTABLE, "a", save=False)
    serve()

    assert Job.objects.get().state == "succeeded"
    assert fetch(task) is None


def test_results_are_changed_by_nobody() -> None:
    async_task(PRINTABLE, "a")
    serve()

    for change in (
        lambda: Task.objects.update(result="forged"),
        lambda: Task.objects.create(id="x", name="x", func="x", started="2026-01-01T00:00Z"),
        lambda: delete_group("g", tasks=False) or Task.objects.update(group=None),
    ):
        with pytest.raises(DatabaseError):
            change()


def test_an_async_task_object_works() -> None:
    task = AsyncTask(PRINTABLE, "a", group="g")
    task.run()
    serve()

    assert (task.result(), task.fetch().success) == ("a", True)
    assert list(task.result_group()) == ["a"]


def nested(levels: int | None) -> list[Any]:
    """This function will put lists into each other, or one into itself."""
    made: list[Any] = []
    if levels is None:
        made.append(made)
    for _ in range(levels or 0):
        made = [made]
    return made


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "sync": (lambda: async_task(PRINTABLE, "a", sync=True), "call the function itself"),
    "cached": (lambda: async_task(PRINTABLE, "a", cached=True), "without cached"),
    "cached result": (lambda: result("x" * 32, cached=True), "leave cached out"),
    "chain": (lambda: async_chain([(PRINTABLE, ("a",))] * 2), "start the next"),
    "chain object": (lambda: Chain([(PRINTABLE, ("a",))] * 2).run(), "start the next"),
    "iterable": (lambda: async_iter(PRINTABLE, ["a"]), "leave cached out"),
    "iterable object": (lambda: Iter(PRINTABLE, ["a"]).run(), "leave cached out"),
    "cluster": (lambda: async_task(PRINTABLE, "a", cluster="b"), "there is one"),
    "ack_failure": (lambda: async_task(PRINTABLE, "a", ack_failure=False), "by class"),
    "q_options": (lambda: async_task(PRINTABLE, "a", q_options={"sync": True}), "call the"),
    "timeout": (lambda: async_task(PRINTABLE, "a", timeout=-5), "give seconds"),
    "long timeout": (lambda: async_task(PRINTABLE, "a", timeout=9999), "give seconds"),
    "tuple": (lambda: async_task(PRINTABLE, ("a",)), "not kept as it is"),
    "object": (lambda: async_task(PRINTABLE, text=object()), "not kept as it is"),
    "deep": (lambda: async_task(PRINTABLE, nested(5000)), "100 levels"),
    "a circle": (lambda: async_task(PRINTABLE, nested(None)), "100 levels"),
    "number as key": (lambda: async_task(PRINTABLE, {1: 2}), "not kept as it is"),
    "purge": (lambda: ResidentBroker("t").purge_queue(), "not thrown away"),
    "delete": (lambda: ResidentBroker("t").delete("1"), "not thrown away"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_honoured_refuses_with_a_sentence(case: str) -> None:
    call, words = REFUSED[case]

    with pytest.raises(NotHonoured, match=words):
        call()

    assert not Job.objects.exists()
    assert not OrmQ.objects.exists()


FORBIDDEN = {
    "os.system": "not in the tasks of an app",
    "math.copysign": "not in the tasks of an app",
    "projects.models.Repository": "not in the tasks of an app",
    "channels.layers.get_channel_layer": "not in the tasks of an app",
    "jobs.process.start": "belongs to the product",
    "jobs.db.query": "belongs to the product",
    "jobs.tasks.noop": "belongs to the product",
    "factory.embedded.postgres.stop": "belongs to the product",
    "django_q.tasks.async_task": "belongs to the product",
    "django.contrib.auth.hashers.make_password": "belongs to the product",
    "projects.tasks.kinds.register": "no such function",
    "projects.tasks.Repository": "defined elsewhere",
    "tests.jobs.tasks.plain.printable": "no such function",
    "tests.jobs.tasks.nothing": "no such function",
    "tests.jobs.test_django_q.PRINTABLE": "cannot be called",
    "nonsense": "not in the tasks of an app",
}


@pytest.mark.parametrize("function", FORBIDDEN)
def test_a_function_from_elsewhere_is_refused(function: str) -> None:
    with pytest.raises(NotAllowed, match=FORBIDDEN[function]):
        async_task(function)

    assert not Job.objects.exists()


@pytest.mark.parametrize("function", [lambda: None, plain.printable.__call__, "x".join])
def test_a_function_that_has_no_name_is_refused(function: Any) -> None:
    with pytest.raises(NotAllowed):
        async_task(function)


def test_a_row_that_names_a_forbidden_function_is_not_run() -> None:
    told = {"id": "i", "name": "n", "function": "os.getpid", "args": [], "kwargs": {}}
    queue.enqueue(ours.TASK, told)
    serve()

    job = Job.objects.get()
    assert (job.state, job.failure_class) == ("failed", "invalid-input")


def test_the_tasks_of_an_app_are_allowed_and_the_product_never_is(settings: Any) -> None:
    settings.FACTORY_TASK_MODULES = ("jobs", "factory.embedded")

    assert ours.located("projects.tasks.sync") is projects.tasks.sync
    for function in ("jobs.process.start", "factory.embedded.postgres.stop"):
        with pytest.raises(NotAllowed, match="belongs to the product"):
            ours.located(function)


def test_a_module_of_the_list_is_allowed(settings: Any) -> None:
    settings.FACTORY_TASK_MODULES = ("math",)

    task = async_task("math.copysign", 2, -2)
    serve()

    assert result(task) == -2


HEARD: list[tuple[str, object, bool]] = []


def heard(task: Task) -> None:
    """Note what a hook was told."""
    HEARD.append((task.id, task.result, task.success))


def slow() -> None:
    """Take longer than anybody allows."""
    threading.Event().wait(60)


@pytest.mark.parametrize("succeeds", [True, False])
def test_a_hook_is_called_once_after_any_end(succeeds: bool) -> None:
    HEARD.clear()

    function = PRINTABLE if succeeds else BROKEN
    task = async_task(function, "a", hook=heard)
    before = list(Job.objects.order_by("pk").values_list("kind", "state"))
    serve()

    assert before == [(ours.TASK, "queued"), (ours.HOOK, "blocked")]
    assert [(one, good) for one, _, good in HEARD] == [(task, succeeds)]
    assert Job.objects.get(kind=ours.HOOK).state == "succeeded"


def test_a_hook_that_fails_leaves_its_task_alone() -> None:
    task = async_task(PRINTABLE, "a", hook=BROKEN)
    serve()

    assert fetch(task).success
    hook = Job.objects.get(kind=ours.HOOK)
    assert (hook.state, hook.failure_class) == ("failed", "bug")


def test_a_task_ends_at_its_own_timeout() -> None:
    task = async_task(slow, timeout=1)
    Job.objects.update(max_attempts=1)
    serve()

    assert fetch(task).success is False
    assert result(task) == "It took longer than 1 s."


def test_the_size_of_the_queue_is_that_of_the_ledger() -> None:
    queue.enqueue_many("demo.noop", [{}] * 3)

    assert queue_size() == 3


def test_monitors_see_clusters_from_runner_rows() -> None:
    introduce(cluster="77:1", pid=901)
    introduce(cluster="77:1", pid=902)
    introduce(cluster="78:1", host="elsewhere", pid=901)

    found = {(stat.host, stat.sentinel): stat for stat in Stat.get_all()}

    assert len(found) == 2
    here = next(stat for (host, _), stat in found.items() if host != "elsewhere")
    assert (here.workers, here.status, here.empty_queues()) == ([901, 902], Conf.IDLE, True)
    assert here.uptime() >= 0
    assert Stat.get(77, here.cluster_id).workers == [901, 902]


def test_monitors_are_told_nothing_and_not_held_up_without_a_database() -> None:
    connection.settings_dict["NAME"] = "nowhere"

    assert Stat.get_all() == []
    assert Stat.get(1, "none").workers == []


@pytest.mark.parametrize("command", ["qinfo", "qmonitor", "qmemory"])
def test_their_monitors_are_ours(command: str) -> None:
    assert get_commands()[command] == "jobs"


def test_their_monitors_show_runners_or_say_that_there_is_none() -> None:
    out = StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("qinfo", stdout=out)
    assert "no cluster: start one" in out.getvalue()

    introduce(cluster="77:1", pid=901, rss_mb=42)
    for command, words in {"qinfo": "runners 901", "qmonitor": "idle", "qmemory": "42 MiB"}.items():
        out = StringIO()
        call_command(command, *([] if command == "qinfo" else ["--run-once"]), stdout=out)
        assert words in out.getvalue()
