"""The installations that are photographed: a full one, and one of which much is broken."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models.functions import Now

from jobs import queue
from jobs.models import Artefact, Job, LogChunk, Progress
from projects import artefacts, maps, membership, planning, portfolio, recording
from projects.git import door, log, reading
from projects.mapping import EXTRACTOR, build, extraction
from projects.mapping.history.reading import Reader
from projects.models import Idea, Membership, Project, Repository, Role, Spec, Stage, Task

HERE = Path(__file__).parent
LONG = "Warehouse planning and replenishment forecasting service (Central Europe)"
PROJECTS = {
    "Payments API": "One door for every way to pay, with receipts that add up",
    "Atlas Search": "Find any document of the company in under 200 ms",
    "Beacon": "Tell people about outages before they ask",
    "Billing Core": "Invoices that are right the first time",
    "Checkout Web": "Three steps from basket to paid",
    "Compass Mobile": "The field app works for a day without a network",
    "Data Lake Loader": "Every table there by six in the morning",
    "Design Tokens": "One set of colours for web, app and print",
    "Fleet Tracker": "Where is each van, and when does it arrive",
    "Gatekeeper": "Who may do what, decided in one place",
    "Ingest Pipeline": "Ten thousand events a second without losing one",
    "Invoice Renderer": "The same PDF on every machine",
    "Ledger Exports": "Month-end figures for the auditors",
    "Mail Relay": "Deliver, retry, and say what bounced",
    "Notebook Server": "Analysts share what they found",
    "Observatory": "Graphs that answer why",
    "Parcel Router": "The cheapest carrier that keeps the promise",
    "Quill Editor": "Write together without overwriting each other",
    "Release Train": "Ship each Tuesday, or say why not",
    "Schema Registry": "No consumer breaks because a producer changed",
    "Storefront": "Pages that open before one looks away",
    "Telemetry Agent": "Two megabytes of memory, no more",
    LONG: "Know on Monday what the shelves need on Friday, for 4,200 articles in 61 warehouses",
}
TASKS = (
    ("Refuse a payment twice with the same key", 1, "IN_PROGRESS", "web/payments/idempotency.py"),
    ("Retry the settlement file when the bank is away", 1, "BLOCKED", "settlement/"),
    ("Show refunds beside what they refund", 2, "REVIEW", "web/templates/receipts/"),
    ("Move card numbers out of the log", 1, "COMPLETED", "web/middleware.py"),
    ("Sign webhooks with a key per merchant", 2, "NOT_STARTED", "hooks/"),
    ("Describe errors of the API in one shape", 3, "NOT_STARTED", "web/api/errors.py"),
    (
        "Measure what a refusal costs, for each of the providers and each country",
        3,
        "NOT_STARTED",
        "",
    ),
    ("Drop the old provider", 4, "NOT_STARTED", "providers/legacy/"),
    ("Round amounts as the central bank says", 2, "COMPLETED", "money.py"),
    ("Load-test the checkout with 500 payments a second", 2, "IN_PROGRESS", "bench/"),
)
BOXES = {
    "SUBTASK": ["Store the key with the charge", "Answer the second request with the first"],
    "CRITERION": ["500 equal requests make one charge"],
    "CHECK": ["Tests are green", "The runbook says what to do"],
}
LOG = (
    "\x1b[1mcloning\x1b[0m https://git.example.org/payments/payments-api\n"
    "receiving objects: \x1b[32m100 %\x1b[0m (48,211/48,211), 31.20 MiB | 18.41 MiB/s, done\n"
    "reading \x1b[36mpyproject.toml\x1b[0m: 41 dependencies\n"
    "\x1b[33mwarning:\x1b[0m settlement/bank.py: two imports are not found\n"
    "reading 1,204 files of 6 languages\n"
)


LEVELS = "iiiwi" + "i" * 60


def write(text: dict[str, Any]) -> None:
    """This function will tell the one who started this process what was made."""
    print(json.dumps(text))  # noqa: T201 — read from standard output


def full(sources: str) -> None:
    """This function will fill an installation as if twenty teams had worked with it for weeks."""
    random.seed(7)
    staff = User.objects.get(username="staff")
    ana, bob = (User.objects.create_user(name) for name in ("ana", "bob"))
    made = [_project(name, goal, ana) for name, goal in PROJECTS.items()]
    shown = made[0]
    portfolio.archive(made[-2], actor=f"user:{ana.pk}")
    for person in (bob, staff):
        Membership.objects.create(project=shown, user=person, role=Role.CONTRIBUTOR)
    link = membership.invite(shown, Role.VIEWER, by=ana, days=7)
    repository = _mapped(shown, Path(sources) / "django")
    values = {"ana": ana.pk, "extractor": EXTRACTOR}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (HERE / "history.sql").read_text().split(";\n\n"):
            cursor.execute(statement, values)
    ids = {"repository": repository.pk} | _planned(shown, ana, staff)
    kept = artefacts.keep(shown, "load-test.csv", b"rate,p99\n500,41\n", by=f"user:{ana.pk}")
    artefacts.keep(shown, "load-test.csv", b"rate,p99\n500,38\n", by=f"user:{bob.pk}")
    report = b"# Settlement\n" * 700
    artefacts.keep(shown, "settlement-report.md", report, by=f"user:{ana.pk}")
    _aged()
    write(ids | _jobs(shown, ana) | {"artefact": kept.pk, "member": ana.pk, "invitation": link})


def broken() -> None:
    """This function will leave an installation as after a bad night."""
    ana = User.objects.create_user("ana")
    made = [_project(name, goal, ana) for name, goal in list(PROJECTS.items())[:9]]
    values = {"ana": ana.pk, "extractor": EXTRACTOR}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (HERE / "history.sql").read_text().split(";\n\n"):
            cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute((HERE / "broken.sql").read_text())
    away = Repository.objects.filter(project=made[0]).earliest("pk")
    ids = _planned(made[0], ana, ana) | _jobs(made[0], ana)
    Job.objects.filter(pk=ids["running"]).update(runner_id=7003)
    write(ids | {"repository": away.pk, "member": ana.pk})


def _project(name: str, goal: str, who: User) -> Project:
    actor = f"user:{who.pk}"
    made = portfolio.create(Project(name=name, goal=goal), actor=actor, maintainer=who)
    for stage in list(Stage)[1 : 1 + random.randrange(6)]:  # noqa: S311 — for looks
        portfolio.move(made, stage, actor=actor)
    return made


def _aged() -> None:
    """What was done in a moment was done in weeks: the newest a few minutes ago."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute((HERE / "aged.sql").read_text())


def _mapped(project: Project, source: Path) -> Repository:
    head = reading.head(source / ".git", door.Watch())
    address = f"https://git.example.org/payments/{source.name}"
    one = Repository.objects.create(
        project=project, name=source.name, address=address, head_commit=head, synced_at=Now()
    )
    one.clone.parent.mkdir(parents=True, exist_ok=True)
    one.clone.symlink_to(source / ".git")
    made = build.build(one.clone, head, extraction.Tools(), maps.FactsCache())
    with transaction.atomic():
        maps.publish(one, made, None)
    watch = door.Watch(limits=log.LOG_LIMITS)
    for read in Reader(one.clone, head, watch, watch, recording.Aside()).read(recording.known(one)):
        with transaction.atomic():
            recording.publish(one, read, None)
    return one


def _planned(project: Project, ana: User, mine: User) -> dict[str, int]:
    by = f"user:{ana.pk}"
    body = "Merchants see refunds only in the monthly statement.\n\nThey ask support each week."
    idea = planning.create(Idea, project, {"title": "Refunds at a glance", "body": body}, by=by)
    planning.create(Idea, project, {"title": "Pay by link in an e-mail"}, by=by)
    planning.move(idea, "OPEN", "ACCEPTED", by=by)
    given = {"title": "Receipts show refunds", "body": "A receipt lists its refunds.", "idea": idea}
    spec = planning.create(Spec, project, given, by=by)
    planning.move(spec, "DRAFT", "READY", by=by)
    tasks = [_task(project, number, by, mine, spec) for number in range(len(TASKS))]
    planning.block(tasks[4], tasks[0], by=by)
    return {"idea": idea.pk, "spec": spec.pk, "task": tasks[0].pk, "blocked_task": tasks[1].pk}


def _task(project: Project, number: int, by: str, mine: User, spec: Spec) -> Task:
    title, priority, state, location = TASKS[number]
    given = {"title": title, "priority": priority, "location": location, "estimate_h": number + 2}
    given |= {"goal": "Two charges for one basket were reported in March.", "assignee": mine}
    made: Task = planning.create(Task, project, given | {"spec": spec} | BOXES, by=by)
    for item in made.items.all():
        if state == "COMPLETED" or item.text == BOXES["SUBTASK"][0]:
            planning.tick(item, True, by=by)
    waits = "The bank has not sent the new certificate." if state == "BLOCKED" else ""
    now = "NOT_STARTED"
    steps = {"REVIEW": ("IN_PROGRESS", "REVIEW"), "COMPLETED": ("IN_PROGRESS", "COMPLETED")}
    for to in steps.get(state, () if state == "NOT_STARTED" else (state,)):
        planning.move(made, now, to, by=by, reason=waits)
        now = to
    return made


def _held(kind: str, project: Project, subject: str, runner: int, by: str) -> Job:
    job = queue.enqueue(kind, {}, scope=project.pk, subject=subject, after=9999, actor=by)
    with transaction.atomic():  # a runner of the product would claim what it sees queued
        Job.objects.filter(pk=job.pk).update(state="queued", run_after=None)
        begun = Now() - timedelta(seconds=760)
        Job.objects.filter(pk=job.pk).update(
            state="running", runner=runner, started_at=begun, attempt=1, fence=1
        )
    job.refresh_from_db()
    return job


def _jobs(project: Project, ana: User) -> dict[str, int]:
    by = f"user:{ana.pk}"
    held = [_held("demo.steps", project, f"web-{n}", 7001 + n, by) for n in range(1, 5)]
    running = held[0]
    for number, job in enumerate(held):
        Progress.objects.create(
            job=job, fence=1, current=37 + 20 * number, total=None if number == 3 else 120,
            item="web-ui", rate=0.07, eta_s=None if number == 3 else 1190 - 280 * number, done_count=36 + 20 * number, failed_count=number % 2,
            peak_mb=118, items_done=["api", "billing", "docs"],
            items_failed=["legacy: no such branch"] if number % 2 else [],
            heard_at=Now(), updated_at=Now(),
        )  # fmt: skip
    again = "".join(
        f"step {n}: \x1b[32mok\x1b[0m in {n * 7 % 13}.{n % 10} s\n" for n in range(1, 61)
    )
    text = LOG + again
    LogChunk.objects.create(job=running, fence=1, seq=0, first_line=1, levels=LEVELS, text=text)
    return {"running": running.pk} | _ended(project, by, text) | _waiting(project, by, held)


def _ended(project: Project, by: str, text: str) -> dict[str, int]:
    ids: dict[str, int] = {}
    trouble = "\x1b[31mTraceback (most recent call last):\x1b[0m\n  KeyError: 'tool.poetry'\n"
    for n in (0, 1, 2, 0):
        job = _held("demo.fail", project, f"settlement-{n}", 7001, by)
        LogChunk.objects.create(
            job=job, fence=1, seq=0, first_line=1, levels=LEVELS + "ee", text=text + trouble
        )
        Job.objects.filter(pk=job.pk).update(
            state="failed",
            runner=None,
            finished_at=Now(),
            failure_class="bug",
            failure_message=f"Row {n} of settlement.csv has no amount.",
        )
        ids["failed"] = job.pk
    Artefact.objects.create(
        job_id=ids["failed"], fence=1, name="settlement.csv", media_type="text/csv", size=12345,
        sha256="ab" * 32, data=b"x", scope=project.pk,
    )  # fmt: skip
    done = _held("demo.steps", project, "nightly", 7002, by)
    LogChunk.objects.create(job=done, fence=1, seq=0, first_line=1, levels=LEVELS, text=text)
    Job.objects.filter(pk=done.pk).update(
        state="succeeded", runner=None, finished_at=Now(), result={"steps": 120, "skipped": []}
    )
    return ids | {"succeeded": done.pk}


def _waiting(project: Project, by: str, held: list[Job]) -> dict[str, int]:
    asked = held[1]
    asked.cancel(by=by)
    later = queue.enqueue(
        "demo.noop", {}, scope=project.pk, subject="month end", after=86_000, actor=by
    )
    paused = queue.enqueue(
        "demo.noop", {}, scope=project.pk, subject="reindex", after=9999, actor=by
    )
    paused.pause(by=by, reason="until the bank has answered")
    parents = [job.pk for job in held[:3]]
    blocked = queue.enqueue(
        "demo.noop", {}, scope=project.pk, subject="release", actor=by, depends=parents
    )
    queue.enqueue(
        "demo.noop", {}, scope=project.pk, subject="announce", actor=by, depends=[blocked.pk]
    )
    ids = {"asked": asked, "scheduled": later, "paused": paused, "blocked": blocked}
    return {name: job.pk for name, job in ids.items()}
