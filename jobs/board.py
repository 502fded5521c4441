"""What the pages ask of the ledger: each question one query."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Case, CharField, Count, F, Max, Min, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Greatest

from jobs import ages, dependencies, groups, overall, people, ports
from jobs.models import Job
from jobs.states import FINISHED, HELD, LIVE, UNSTARTED, State

LOST = "lost"
WORDS = (*State.values, LOST)
"""Every word a job may show; `lost` is computed from evidence and never stored."""
STUCK = "stuck"
"""What a list may be asked for besides: the lost, and those deaf to a cancel."""
CHOICES = (*WORDS, STUCK)
EVIDENT = Q(("evident", True))
"""Of jobs with evidence: a live runner holds it."""
PAGE = 50
LOOKED = 100_000
"""So many ids a page looks through at most where no index leads to what matches."""
_FEW = 100
"""So many ids PostgreSQL compares with what a partial index holds."""
OLDEST = "oldest"
TODAY = "today"
VIEWS = (
    ("Running", f"state={State.RUNNING}"),
    ("Stuck", f"state={STUCK}"),
    ("Failed today", f"state={State.FAILED}&since={TODAY}"),
    ("All", ""),
)
"""The lists people ask for most, by the ends of their addresses."""
NARROW = {*LIVE, LOST, STUCK, State.FAILED, State.CANCELLED}
"""Words whose jobs have an index of their own, or are few."""
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
    """A page of jobs, and the id from which the next page goes on.

    `partial`: it ends where enough were looked through, not where it is full.
    """

    jobs: list[Job]
    older: int | None
    partial: bool = False


def clock() -> int:
    """This function will read the database's clock, in microseconds since 1970.

    Read before rows are, it is a version: whoever shows a higher one shows at least as fresh rows.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return int(cursor.fetchone()[0])


def shown(jobs: "QuerySet[Job]") -> "QuerySet[Job]":
    """This function will add what a row needs: `shown`, the word, and `heard_at`, its last sign."""
    # PostgreSQL's greatest passes over the missing progress of a job that reported none.
    heard_at = Greatest("updated_at", "progress__heard_at")
    return _worded(jobs).annotate(heard_at=heard_at).select_related("progress", "runner")


def words(jobs: "QuerySet[Job]") -> dict[str, int]:
    """This function will count jobs by the word they show, in the order of the words."""
    named = _worded(jobs).order_by("shown").values_list("shown")  # type: ignore[misc]  # made there
    return dict(named.annotate(number=Count("pk")))


def _worded(jobs: "QuerySet[Job]") -> "QuerySet[Job]":
    evident: QuerySet[Job] = jobs.with_evidence()  # type: ignore[attr-defined]
    word = Case(
        When(~EVIDENT, state__in=HELD, then=Value(LOST)),
        default=F("state"),
        output_field=CharField(),
    )
    return evident.annotate(shown=word)


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
    names = people.names_of(
        actor for job in listed for actor in (people.actor_in(job.reason), job.intent_by)
    )
    for job in listed:
        # While something is asked, the reason is what was typed.
        job.told = job.reason if job.intent else people.told(job.reason, names)  # type: ignore[attr-defined]
        job.asked_by = people.named(job.intent_by, names)  # type: ignore[attr-defined]
    return listed


def showing(jobs: "QuerySet[Job]", word: str) -> "QuerySet[Job]":
    """This function will keep the jobs of a choice: a lost one no longer shows its state."""
    if word == STUCK:
        return jobs.filter(pk__in=overall.stuck().values("pk"))
    if word == LOST:
        return jobs.lost()  # type: ignore[attr-defined,no-any-return]
    if word in HELD:
        return jobs.with_evidence().filter(EVIDENT, state=word)  # type: ignore[attr-defined,no-any-return]
    return jobs.filter(state=word)


@dataclass(frozen=True)
class Filter:
    """Which jobs a list holds, as an address says it; `jobs.choosing` reads and checks that.

    `error` is a group of failures, `project` a slug, `actor` who asked, `q` a text. `since` and
    `until` are moments: of the end, where a word for what has ended is chosen, else of the start.
    """

    state: str = ""
    kind: str = ""
    error: str = ""
    queue: str = ""
    project: str = ""
    actor: str = ""
    q: str = ""
    since: str = ""
    until: str = ""
    sort: str = ""

    def __bool__(self) -> bool:
        return bool(self.fields)

    @property
    def fields(self) -> dict[str, str]:
        """What is chosen, by the names that stand in addresses."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def query(self) -> str:
        """What is chosen, as the end of an address."""
        return urlencode(self.fields)

    @property
    def stateless(self) -> str:
        """What is chosen besides the state, as the end of an address."""
        return urlencode({name: value for name, value in self.fields.items() if name != "state"})

    @property
    def watchable(self) -> bool:
        """Whether a page can be told of new rows: of what is asked by state and kind alone."""
        return set(self.fields) <= {"state", "kind"}

    @property
    def is_wide(self) -> bool:
        """Whether no index leads to what matches, so that a page looks through a part at a time."""
        narrow = self.project or self.error or self.state in NARROW
        ended = self.state in FINISHED and (self.since or self.until)
        return not narrow and any((self.queue, self.actor, self.q, ended))

    def of(self, jobs: "QuerySet[Job]") -> "QuerySet[Job]":
        """This method will keep the jobs that match."""
        if self.state:
            jobs = showing(jobs, self.state)
        for name in ("kind", "queue"):
            if value := getattr(self, name):
                jobs = jobs.filter(**{name: value})
        if self.project:
            jobs = jobs.filter(scope=ports.scopes.named(self.project) or 0)
        if self.actor:
            jobs = jobs.filter(created_by__in=people.actors_named(self.actor))
        if self.q:
            jobs = jobs.filter(_saying(self.q))
        jobs = self._within(jobs)
        return groups.alike(jobs, self.error) if self.error else jobs

    def _within(self, jobs: "QuerySet[Job]") -> "QuerySet[Job]":
        since, until = (at(moment) if moment else None for moment in (self.since, self.until))
        if self.state not in FINISHED:
            return ages.among(jobs, since, until)
        tests = {"finished_at__gte": since, "finished_at__lt": until}
        return jobs.filter(**{test: moment for test, moment in tests.items() if moment})


def at(moment: str) -> datetime:
    """This function will read a moment in UTC, or the word `today`: when this day began."""
    if moment == TODAY:
        return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found = datetime.fromisoformat(moment)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _saying(text: str) -> Q:
    """Jobs whose words contain a text; a number is an id, too."""
    found = Q(subject__icontains=text) | Q(kind__icontains=text) | Q(reason__icontains=text)
    number = text.removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < 19:
        found |= Q(pk=int(number))
    return found | Q(failure_message__icontains=text)


def page(user: Any, chosen: Filter, below: int | None = None) -> Page:
    """This function will give one page of the jobs `user` may see, newest first unless chosen.

    `below` is the id it goes on from. Where no index leads to what matches, at most `LOOKED` ids are
    looked through, so that a page comes soon however rare that is.
    """
    up = chosen.sort == OLDEST
    jobs = shown(chosen.of(_seen(user))).order_by("pk" if up else "-pk")
    if below is not None:
        jobs = jobs.filter(pk__gt=below) if up else jobs.filter(pk__lt=below)
    end = _end(below, up=up) if chosen.is_wide else None
    if end is not None:
        jobs = jobs.filter(pk__lte=end) if up else jobs.filter(pk__gte=end)
    found = labelled(jobs[: PAGE + 1])
    if len(found) > PAGE:
        return Page(found[:PAGE], found[PAGE - 1].pk)
    if end is None:
        return Page(found, None)
    left = Job.objects.filter(pk__gt=end) if up else Job.objects.filter(pk__lt=end)
    return Page(found, end, True) if left.exists() else Page(found, None)


def _seen(user: Any) -> "QuerySet[Job]":
    """What `user` may see; of few projects by their ids, so that the planner sees how few jobs it is.

    Else it would walk all jobs until a page is full.
    """
    if user.is_active and user.is_staff:
        return Job.objects.all()
    few = list(islice(ports.scopes.visible(user), _FEW + 1))
    return Job.objects.filter(scope__in=few) if len(few) <= _FEW else Job.objects.visible_to(user)


def _end(start: int | None, *, up: bool) -> int:
    """The last id that a page looks at which begins at `start`, or at an end of all jobs."""
    if start is None:
        bounds = Job.objects.aggregate(first=Min("pk"), last=Max("pk"))
        start = (bounds["first"] or 0) - 1 if up else (bounds["last"] or 0) + 1
    return start + LOOKED if up else start - LOOKED


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
