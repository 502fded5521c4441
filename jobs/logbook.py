"""The logs of jobs as pages and commands show them: by lines, the newest attempt's or all."""

from collections.abc import Iterator
from dataclasses import dataclass

from jobs import levels
from jobs.levels import Level
from jobs.models import Attempt, Job, LogChunk

TAIL_LINES = 200


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
class Log:
    """Some lines of a job's log, and how many lines there are in all."""

    lines: list[Line]
    total: int


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


def last_line(chunk: LogChunk) -> str:
    """This function will give the last line of a part of a log."""
    return (chunk.text.splitlines() or [""])[-1]


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


def further_log(
    job_id: int, after: int, least: Level = Level.DEBUG, grep: str = "", most: int | None = None
) -> tuple[list[Line], int]:
    """This function will give the wanted lines written after a chunk, and the last chunk's id.

    `most` chunks are read, or all.
    """
    chunks = list(LogChunk.objects.filter(job=job_id, pk__gt=after).order_by("pk")[:most])
    lines = [line for chunk in chunks for line in _lines(chunk, newest=True)]
    return [line for line in lines if _wanted(line, least, grep)], (
        chunks[-1].pk if chunks else after
    )


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
