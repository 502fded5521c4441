"""How many attempts ended within a span, and how: in each step of it, by kind, queue and class."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from jobs import db, sums
from jobs.ledger import statement
from jobs.spans import Chosen, Pieces, Span, pieces
from jobs.sums import DAY

COUNTED = 50_000
"""Of what is not summed the newest are counted, at most so many: a tenth of a second."""
FEW_JOBS, _FEW_PROJECTS = 10_000, 200
"""Of no more projects, with no more jobs in all, every job is asked."""
_JOBS_OF = """
SELECT count(*) FROM (
  SELECT FROM unnest(%s::bigint[]) AS wanted (scope), LATERAL (
    SELECT FROM job WHERE job.scope = wanted.scope AND job.scope > 0 LIMIT %s) AS theirs LIMIT %s) AS found
"""
_AGAIN = ("queued", "scheduled")
_FINAL = ("succeeded", "failed", "cancelled")
Outcomes = Mapping[str, int]


class Tally(NamedTuple):
    """Attempts, by how they ended."""

    ended: int
    succeeded: int
    failed: int
    retried: int

    @property
    def rate(self) -> float | None:
        """Of what succeeded or failed for good, the share that succeeded, in percent."""
        return share(self.succeeded, self.failed)


class FailureCount(NamedTuple):
    """How many attempts failed with a class, and how many of them were tried again."""

    failure_class: str
    failed: int
    retried: int


class Day(NamedTuple):
    """How many jobs ended in one state on one day; None where they were not counted."""

    day: date
    state: str
    jobs: int | None


class Step(NamedTuple):
    """The attempts that ended in one step of a span, by how; None where they were not counted."""

    since: datetime
    succeeded: int | None
    failed: int | None
    retried: int | None
    other: int | None

    @property
    def ended(self) -> int | None:
        """How many ended in all."""
        if self.succeeded is None:
            return None
        return self.succeeded + (self.failed or 0) + (self.retried or 0) + (self.other or 0)

    @property
    def rate(self) -> float | None:
        """Of what succeeded or failed for good, the share that succeeded, in percent."""
        return share(self.succeeded, self.failed)


class Counted(NamedTuple):
    """What was counted of a span; `whole` is all of it unless a step is unknown."""

    steps: list[Step]
    whole: Tally
    kinds: dict[str, Tally]
    queues: dict[str, Tally]
    classes: list[FailureCount]
    days: list[Day]

    @property
    def known(self) -> bool:
        """Whether each step was counted."""
        return all(one.succeeded is not None for one in self.steps)


class _Read(NamedTuple):
    """Outcomes by what they are of and its name, those of steps, and the parts that are not whole."""

    by: dict[str, dict[str, Counter[str]]]
    steps: dict[datetime, Counter[str]]
    unknown: list[Span]


def counted(of: Chosen, *, by_day: bool = False) -> Counted:
    """This function will count what ended within a span: all that is summed, and the newest of the rest.

    A step that is not counted whole has no numbers. Where asked, each day that the span touches is
    counted from its midnight on, with the jobs that were removed.
    """
    read = _read(of)
    kinds = {name: _tally(found) for name, found in read.by["kind"].items()}
    return Counted(
        [_step(at, of.step, read) for at in of.steps],
        Tally(*(sum(each) for each in zip(*kinds.values(), strict=True))) if kinds else _NONE,
        kinds,
        {name: _tally(found) for name, found in read.by["queue"].items()},
        _classes(read.by["class"]),
        _days(of, read) if by_day else [],
    )


def few(of: Chosen) -> list[int]:
    """This function will give the projects that are asked for all their jobs; none where too many are."""
    if of.scopes is None or len(of.scopes) > _FEW_PROJECTS:
        return []
    bound = FEW_JOBS + 1
    [(number,)] = db.query(_JOBS_OF, (sorted(of.scopes), bound, bound))
    # Nothing is of project 0, which stands for no project at all.
    return (sorted(of.scopes) or [0]) if number < bound else []


def share(succeeded: int | None, failed: int | None) -> float | None:
    """This function will give a share in percent, rounded down to a tenth: 100 means that all did."""
    final = (succeeded or 0) + (failed or 0)
    return 1000 * (succeeded or 0) // final / 10 if final else None


def _read(of: Chosen) -> _Read:
    projects = few(of)
    found = Pieces(of.span.until, [], []) if projects else pieces(of, sums.covered())
    read = _Read(defaultdict(lambda: defaultdict(Counter)), defaultdict(Counter), [])
    ends = {edge.since: edge.until for edge in found.edges}
    for by, at, name, outcome, number in db.query(
        statement("figures_counted"), _values(of) | _places(found) | {"few": projects}
    ):
        if by == "step":
            read.steps[at][outcome] += number
        elif by == "full":
            read.unknown.append(Span(at, ends[at]))
        elif by == "uncounted":
            if at is not None and at >= found.open:
                read.unknown.append(Span(found.open, at + timedelta(microseconds=1)))
        else:
            read.by[by][name][outcome] += number
    return read


def _days(of: Chosen, read: _Read) -> list[Day]:
    midnight = of.span.since.replace(hour=0, minute=0, second=0, microsecond=0)
    whole = of._replace(span=Span(midnight, of.span.until), each=DAY)
    if midnight != of.span.since or DAY % of.step:
        read = _read(whole)
    ended: dict[date, Counter[str]] = defaultdict(Counter)
    for at, outcomes in read.steps.items():
        ended[at.date()].update(outcomes)
    for day, state, number in _removed(whole):
        ended[day][state] += number
    return [
        Day(at.date(), state, None if unknown else ended[at.date()][state])
        for at in whole.steps
        for unknown in [_unknown(at, DAY, read)]
        for state in _FINAL
        if unknown or ended[at.date()][state]
    ]


def _removed(of: Chosen) -> list[tuple[date, str, int]]:
    """What was removed of days that are not summed; sums stay when jobs go."""
    covered = sums.covered() if of.scopes is None else None
    values = _values(of) | {"summed": covered.since if covered else None}
    return db.query(statement("figures_days"), values)


def _values(of: Chosen) -> dict[str, Any]:
    return of.values | {"counted": COUNTED}


def _places(found: Pieces) -> dict[str, Any]:
    return {
        "open": found.open,
        "edges": [edge.since for edge in found.edges],
        "edge_ends": [edge.until for edge in found.edges],
        "sizes": [hours for hours, _ in found.sums],
        "sums": [span.since for _, span in found.sums],
        "sum_ends": [span.until for _, span in found.sums],
    }


def _step(at: datetime, step: timedelta, read: _Read) -> Step:
    if _unknown(at, step, read):
        return Step(at, None, None, None, None)
    of = _tally(read.steps[at])
    return Step(at, *of[1:], of.ended - sum(of[1:]))


def _unknown(at: datetime, step: timedelta, read: _Read) -> bool:
    return any(at < gap.until and at + step > gap.since for gap in read.unknown)


def _tally(found: Outcomes) -> Tally:
    retried = sum(found.get(outcome, 0) for outcome in _AGAIN)
    return Tally(sum(found.values()), found.get("succeeded", 0), found.get("failed", 0), retried)


def _classes(found: Mapping[str, Outcomes]) -> list[FailureCount]:
    counts = []
    for name, outcomes in found.items():
        failed = sum(number for outcome, number in outcomes.items() if outcome != "succeeded")
        again = sum(outcomes.get(outcome, 0) for outcome in (*_AGAIN, "paused"))
        if name and failed:
            counts.append(FailureCount(name, failed, again))
    return sorted(counts, key=lambda one: (-one.failed, one.failure_class))


_NONE = Tally(0, 0, 0, 0)
