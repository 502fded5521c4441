"""One job in full: its timeline, attempts, log, what it waits for and what it left."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import F, Manager, Min

from jobs import board, logbook, people
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

NEWEST = 100
"""So many of a job's moves, and of its ended attempts, are shown: the newest."""
RELATED = 50
"""So many of the jobs one waits for, and of those that wait for it, are shown."""
LED_TO = 5
"""So many of the jobs that began with one are named."""


@dataclass(frozen=True)
class Try:
    """An ended attempt, the most memory it held in MiB, and where its log begins, if it has one."""

    attempt: Attempt
    peak_mb: int | None
    anchor: str


def of(job_ids: Collection[int]) -> list[Job]:
    """This function will read jobs with their timelines, attempts and the ends of their logs."""
    jobs = board.labelled(board.shown(Job.objects.filter(pk__in=job_ids)))
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
        job.log = logbook.tail(job.pk)  # type: ignore[attr-defined]
    moves = [move for job in jobs for move in job.timeline]  # type: ignore[attr-defined]
    people.name_actors(moves)
    names = people.names_of(people.actor_in(move.reason) for move in moves)
    for move in moves:
        move.said = people.told(move.reason, names)
    for job in jobs:
        _time(job.timeline, whole=len(job.timeline) == job.moves_in_all)  # type: ignore[attr-defined]
    return jobs


def _time(moves: list[Move], *, whole: bool) -> None:
    """Give each move `left_at`, when the next one ended the state it led to; None: it lasts."""
    for move, following in pairwise(moves):
        move.left_at = following.at  # type: ignore[attr-defined]
    if moves and not whole:  # what came after the first is not shown
        moves[0].left_at = None  # type: ignore[attr-defined]


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
    """This function will give what a job waits for and what waits for it, the first of each.

    Their jobs have `shown`: one whose evidence is gone is no more running there than in a list.
    """
    edges = Dependency.objects.order_by("pk")
    parents, children = (
        list(edges.filter(child=job)[:RELATED]),
        list(edges.filter(parent=job)[:RELATED]),
    )
    wanted = {edge.parent_id for edge in parents} | {edge.child_id for edge in children}
    jobs = board.shown(Job.objects.filter(pk__in=wanted)).in_bulk() if wanted else {}
    for edge in parents:
        edge.parent = jobs[edge.parent_id]
    for edge in children:
        edge.child = jobs[edge.child_id]
    return parents, children


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
