"""What the pages ask of the ledger: each question one query."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest

from jobs import dependencies, groups, people, ports
from jobs.models import Job
from jobs.states import HELD, LIVE, UNSTARTED, State

LOST = "lost"
WORDS = (*State.values, LOST)
"""Every word a job may show; `lost` is computed from evidence and never stored."""
EVIDENT = Q(("evident", True))
"""Of jobs with evidence: a live runner holds it."""
PAGE = 50
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
    names = people.names_in(text for job in listed for text in (job.reason, job.intent_by))
    for job in listed:
        job.told = people.with_names(job.reason, names)  # type: ignore[attr-defined]
        job.asked_by = people.with_names(job.intent_by, names)  # type: ignore[attr-defined]
    return listed


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
    found = shown(Job.objects.filter(pk__in=RawSQL(_FIRST_OF_SCOPES, parameters)))  # noqa: S611 — no text from outside
    for job in sorted(spoken(found), key=lambda job: (job.state not in HELD, job.pk)):
        if job.scope is not None and len(by_scope[job.scope]) < each:
            by_scope[job.scope].append(job)
    return by_scope


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
