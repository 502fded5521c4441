"""What the pages ask of the ledger: each question one query."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Case, CharField, F, Manager, Min, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest

from jobs import dependencies, groups, levels, ports
from jobs.levels import Level
from jobs.models import (
    Artefact,
    Attempt,
    Dependency,
    Event,
    Job,
    LateReport,
    Limit,
    LogChunk,
    Move,
)
from jobs.redaction import redact
from jobs.states import HELD, LIVE, UNSTARTED, State

LOST = "lost"
_USER = re.compile(r"\buser:(\d{1,18})\b")
WORDS = (*State.values, LOST)
"""Every word a job may show; `lost` is computed from evidence and never stored."""
EVIDENT = Q(("evident", True))
"""Of jobs with evidence: a live runner holds it."""
PAGE = 50
TAIL_LINES = 200
NEWEST = 100
"""So many of a job's moves, and of its ended attempts, are shown: the newest."""
LED_TO = 5
RELATED = 50
"""So many of the jobs one waits for, and of those that wait for it, are shown."""
# By `job_live`, each kind of the unfinished apart: `id` is its second column.
_FIRST_OF_SCOPES = """
SELECT first.id FROM unnest(%s::bigint[]) AS wanted (scope), LATERAL (
    (SELECT id FROM job WHERE job.scope = wanted.scope
     AND state = ANY (%s) ORDER BY id LIMIT %s)
    UNION ALL
    (SELECT id FROM job WHERE job.scope = wanted.scope
     AND state = ANY (%s) ORDER BY id LIMIT %s)
) AS first
"""


_COUNTS = """
SELECT state, count(*) FROM job WHERE state = ANY (%s) GROUP BY state
UNION ALL SELECT state, count(*) FROM job WHERE state IN ('failed', 'cancelled') GROUP BY state
UNION ALL SELECT 'all', count(*) FROM job
"""


@dataclass(frozen=True)
class Page:
    """A page of jobs, newest first, and the id the next page begins below."""

    jobs: list[Job]
    older: int | None


@dataclass(frozen=True)
class Line:
    """One line of a log; `anchor` names it in an address."""

    anchor: str
    number: int
    text: str
    level: Level = Level.INFO
    part: str = ""
    """In a log of several attempts: which one wrote it, and since when."""


@dataclass(frozen=True)
class Try:
    """An ended attempt, the most memory it held in MiB, and where its log begins, if it has one."""

    attempt: Attempt
    peak_mb: int | None
    anchor: str


@dataclass(frozen=True)
class Log:
    """Some lines of a job's log, and how many lines there are in all."""

    lines: list[Line]
    total: int


def clock() -> int:
    """This function will read the database's clock, in microseconds since 1970.

    Read before rows are, it is a version: whoever shows a higher one shows at least as fresh rows.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return int(cursor.fetchone()[0])


def shown(jobs: "QuerySet[Job]") -> "QuerySet[Job]":
    """This function will add what a row needs: `shown`, the word, and `heard_at`, its last sign."""
    evident: QuerySet[Job] = jobs.with_evidence()  # type: ignore[attr-defined]
    word = Case(
        When(~EVIDENT, state__in=HELD, then=Value(LOST)),
        default=F("state"),
        output_field=CharField(),
    )
    # PostgreSQL's greatest passes over the missing progress of a job that reported none.
    heard_at = Greatest("updated_at", "progress__heard_at")
    return evident.annotate(shown=word, heard_at=heard_at).select_related("progress", "runner")


def labelled(jobs: Iterable[Job]) -> list[Job]:
    """This function will give each job the name of its project, with one question for all.

    And each that is blocked what it waits for.
    """
    listed = spoken(jobs)
    blocked = [job.pk for job in listed if job.state == State.BLOCKED]
    obstacles = dependencies.obstacles(blocked) if blocked else {}
    names = ports.scopes.label({job.scope for job in listed if job.scope is not None})
    for job in listed:
        job.scope_label = names.get(job.scope, "") if job.scope else ""  # type: ignore[attr-defined]
        job.obstacle = obstacles.get(job.pk, "")  # type: ignore[attr-defined]
    return listed


def spoken(jobs: Iterable[Job]) -> list[Job]:
    """This function will give each job `told`, its reason, and `asked_by`, with people's names."""
    listed = list(jobs)
    names = people(text for job in listed for text in (job.reason, job.intent_by))
    for job in listed:
        job.told = with_names(job.reason, names)  # type: ignore[attr-defined]
        job.asked_by = with_names(job.intent_by, names)  # type: ignore[attr-defined]
    return listed


def people(texts: Iterable[str]) -> dict[str, str]:
    """This function will name every user that texts speak of, such as user:7, with one question."""
    ids = {int(found[1]) for text in texts for found in _USER.finditer(text)}
    users = get_user_model().objects.in_bulk(ids) if ids else {}
    return {f"user:{pk}": user.get_username() for pk, user in users.items()}


def actors(text: str) -> set[str]:
    """This function will give the users that a text speaks of, such as user:7."""
    return {found[0] for found in _USER.finditer(text)}


def with_names(text: str, names: Mapping[str, str]) -> str:
    """This function will write names in the place of actors such as user:7."""
    return _USER.sub(lambda found: names.get(found[0], found[0]), text)


def showing(jobs: "QuerySet[Job]", word: str) -> "QuerySet[Job]":
    """This function will keep the jobs that show a word: a lost one no longer shows its state."""
    if word == LOST:
        return jobs.lost()  # type: ignore[attr-defined,no-any-return]
    if word in HELD:
        return jobs.with_evidence().filter(EVIDENT, state=word)  # type: ignore[attr-defined,no-any-return]
    return jobs.filter(state=word)


@dataclass(frozen=True)
class Filter:
    """Which jobs a list holds: those that show a word, of a kind, of a group of failures."""

    state: str = ""
    kind: str = ""
    error: str = ""

    def __bool__(self) -> bool:
        return any((self.state, self.kind, self.error))

    @property
    def fields(self) -> dict[str, str]:
        """What is chosen, by the names that stand in addresses."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def query(self) -> str:
        """What is chosen, as the end of an address."""
        return urlencode(self.fields)

    def of(self, jobs: "QuerySet[Job]") -> "QuerySet[Job]":
        """This method will keep the jobs that match."""
        if self.state:
            jobs = showing(jobs, self.state)
        if self.kind:
            jobs = jobs.filter(kind=self.kind)
        return groups.alike(jobs, self.error) if self.error else jobs


def page(user: Any, chosen: Filter, below: int | None = None) -> Page:
    """This function will give one page of the jobs `user` may see, newest first."""
    jobs = shown(chosen.of(Job.objects.visible_to(user))).order_by("-pk")
    if below is not None:
        jobs = jobs.filter(pk__lt=below)
    found = labelled(jobs[: PAGE + 1])
    return Page(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None)


def active(user: Any, limit: int = 20) -> list[Job]:
    """This function will give the jobs that are held by a runner, oldest first."""
    return labelled(
        shown(Job.objects.visible_to(user).filter(state__in=HELD)).order_by("pk")[:limit]
    )


def of_scopes(scopes: Collection[int], each: int = 4) -> dict[int, list[Job]]:
    """This function will give a few unfinished jobs of each project: held ones first, then oldest.

    However many wait in one project, they hide nothing, and only the few are read.
    """
    by_scope: dict[int, list[Job]] = {scope: [] for scope in scopes}
    parameters = (list(by_scope), sorted(HELD), each, sorted(UNSTARTED), each)
    found = shown(Job.objects.filter(pk__in=RawSQL(_FIRST_OF_SCOPES, parameters)))  # noqa: S611
    for job in sorted(spoken(found), key=lambda job: (job.state not in HELD, job.pk)):
        if job.scope is not None and len(by_scope[job.scope]) < each:
            by_scope[job.scope].append(job)
    return by_scope


def detail(job_ids: Collection[int]) -> list[Job]:
    """This function will read jobs with their timelines, attempts and the ends of their logs."""
    jobs = labelled(shown(Job.objects.filter(pk__in=job_ids)))
    listed = [job.pk for job in jobs]
    late = list(LateReport.objects.filter(job__in=listed).order_by("pk"))
    left = list(Artefact.objects.filter(job__in=listed).listed())
    limits = Limit.objects.in_bulk({job.limit_key for job in jobs if job.limit_key})
    events = Event.objects.in_bulk([job.event_id for job in jobs if job.event_id])
    for job in jobs:
        job.tries, job.tries_in_all = tries(job)  # type: ignore[attr-defined]
        job.late = [one for one in late if one.job_id == job.pk]  # type: ignore[attr-defined]
        job.left = [one for one in left if one.job_id == job.pk]  # type: ignore[attr-defined]
        job.limit = limits.get(job.limit_key)  # type: ignore[attr-defined]
        job.parents, job.children = related(job)  # type: ignore[attr-defined]
        job.event = events.get(job.event_id)  # type: ignore[attr-defined]
        job.led_to = led_to(job)  # type: ignore[attr-defined]
        job.timeline, job.moves_in_all = timeline(job)  # type: ignore[attr-defined]
        job.masked = mask(job.arguments)  # type: ignore[attr-defined]
        job.result_text = mask(job.result) if job.result else ""  # type: ignore[attr-defined]
        job.log = tail(job.pk)  # type: ignore[attr-defined]
    moves = [move for job in jobs for move in job.timeline]  # type: ignore[attr-defined]
    name_actors(moves)
    names = people(move.reason for move in moves)
    for move in moves:
        move.said = with_names(move.reason, names)
    return jobs


def timeline(job: Job) -> tuple[list[Move], int]:
    """This function will give a job's first move and its newest, in order, and count them all."""
    moves, number = _newest(job.moves)
    if number > len(moves):
        moves.insert(0, job.moves.earliest("at", "pk"))
    return moves, number


def _newest(rows: "Manager[Any]") -> tuple[list[Any], int]:
    """The newest of some rows of a job, oldest first, and how many there are.

    Not by the key itself: the planner might look for them among everybody's, along its index.
    """
    found = list(rows.order_by((F("pk") + 0).desc())[: NEWEST + 1])[::-1]
    return found[-NEWEST:], rows.count() if len(found) > NEWEST else len(found)


def related(job: Job) -> tuple[list[Dependency], list[Dependency]]:
    """This function will give what a job waits for and what waits for it, the first of each."""
    edges = Dependency.objects.order_by("pk")
    parents = edges.filter(child=job).select_related("parent")[:RELATED]
    return list(parents), list(edges.filter(parent=job).select_related("child")[:RELATED])


def led_to(job: Job) -> list[int]:
    """This function will give the newest jobs that began with this one, such as its reruns."""
    # By `job_root`: `id` alone would be looked for among everybody's.
    found = Job.objects.filter(root_id=job.pk).order_by((F("pk") + 0).desc())
    return list(found.values_list("pk", flat=True)[:LED_TO])


def tries(job: Job) -> tuple[list[Try], int]:
    """This function will give the newest ended attempts of a job, and how many there are.

    Each comes with its memory and its log.
    """
    attempts, number = _newest(job.attempts)
    if not attempts:
        return [], 0
    chunks = LogChunk.objects.filter(job=job.pk, fence__gte=attempts[0].fence).values("fence")
    begins = {row["fence"]: row["begin"] for row in chunks.annotate(begin=Min("first_line"))}
    newest = max(begins, default=0)
    progress = getattr(job, "progress", None)
    peaks = progress.peaks if progress else {}
    found = []
    for attempt in attempts:
        begin = begins.get(attempt.fence)
        before = "" if attempt.fence == newest else f"a{attempt.fence}-"
        anchor = f"{before}L{begin}" if begin is not None else ""
        found.append(Try(attempt, peaks.get(str(attempt.fence)), anchor))
    return found, number


def mask(arguments: Any) -> str:
    """This function will write arguments for people, without what looks like a credential."""
    return redact(json.dumps(arguments, indent=1, ensure_ascii=False, sort_keys=True))


def name_actors(rows: Iterable[Any]) -> None:
    """This function will give each row `who`: its actor, with the name of a user."""
    listed = list(rows)
    names = people(row.actor for row in listed)
    for row in listed:
        row.who = with_names(row.actor, names)


def tail(job_id: int) -> Log:
    """This function will give the last lines of a job's newest attempt, and count that one's.

    Only the chunks are read that hold them.
    """
    chunks = LogChunk.objects.filter(job=job_id).order_by("-fence", "-seq")
    begins = list(chunks.values_list("pk", "fence", "first_line")[: TAIL_LINES + 1])
    wanted: list[int] = []
    for pk, fence, first_line in begins:
        if fence != begins[0][1]:
            break
        wanted.append(pk)
        if first_line <= begins[0][2] - TAIL_LINES:
            break
    read = reversed(chunks.filter(pk__in=wanted))
    lines = [line for chunk in read for line in _lines(chunk, newest=True)]
    return Log(lines[-TAIL_LINES:], lines[-1].number if lines else 0)


def whole_log(job_id: int, least: Level = Level.DEBUG, grep: str = "") -> Log:
    """This function will give every kept line of at least a level that contains a text.

    Capital and small letters are the same. Older attempts' anchors begin with a.
    """
    chunks = list(LogChunk.objects.filter(job=job_id).order_by("fence", "seq"))
    last = chunks[-1].fence if chunks else 0
    parts = _parts(job_id, chunks)
    lines = [
        line
        for chunk in chunks
        for line in _lines(chunk, newest=chunk.fence == last, part=parts.get(chunk.fence, ""))
    ]
    return Log([line for line in lines if _wanted(line, least, grep)], len(lines))


def further_log(
    job_id: int, after: int, least: Level = Level.DEBUG, grep: str = ""
) -> tuple[list[Line], int]:
    """This function will give the wanted lines written after a chunk, and the last chunk's id."""
    chunks = list(LogChunk.objects.filter(job=job_id, pk__gt=after).order_by("pk"))
    lines = [line for chunk in chunks for line in _lines(chunk, newest=True)]
    return [line for line in lines if _wanted(line, least, grep)], (
        chunks[-1].pk if chunks else after
    )


def _parts(job_id: int, chunks: list[LogChunk]) -> dict[int, str]:
    """What to call the attempts that wrote a log, by their fences, where there are several."""
    begun = {chunk.fence: chunk.created_at for chunk in reversed(chunks)}
    if len(begun) < 2:
        return {}
    ended = Attempt.objects.filter(job=job_id).values_list("fence", "number")
    numbers = dict(Job.objects.filter(pk=job_id).values_list("fence", "attempt")) | dict(ended)
    return {
        fence: f"attempt {numbers.get(fence, '?')}, logged from {at:%Y-%m-%d %H:%M:%S} UTC on"
        for fence, at in begun.items()
    }


def _lines(chunk: LogChunk, *, newest: bool, part: str = "") -> list[Line]:
    before = "" if newest else f"a{chunk.fence}-"
    texts = chunk.text.splitlines()
    letters = chunk.levels.ljust(len(texts))
    return [
        Line(f"{before}L{number}", number, text, levels.of_letter(letter), part)
        for number, (text, letter) in enumerate(zip(texts, letters, strict=False), chunk.first_line)
    ]


def _wanted(line: Line, least: Level, grep: str) -> bool:
    return line.level.reaches(least) and grep.casefold() in line.text.casefold()


def log_parts(job_id: int) -> Iterator[str]:
    """This function will read a whole log part by part, however long it is."""
    chunks = LogChunk.objects.filter(job=job_id).order_by("fence", "seq")
    yield from chunks.values_list("text", flat=True).iterator(chunk_size=8)


def counts() -> dict[str, int]:
    """This function will count the jobs in each state, in one snapshot.

    Only the succeeded are not counted by an index of their own: they are what is left of all.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [list(LIVE)])
        found = dict(cursor.fetchall())
    whole = found.pop("all")
    return dict.fromkeys(State.values, 0) | found | {"succeeded": whole - sum(found.values())}


def fingerprint(*parts: Any) -> str:
    """This function will write what a row shows as one string, to compare."""
    return "|".join(part.isoformat() if isinstance(part, datetime) else str(part) for part in parts)
