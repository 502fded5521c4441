"""The logs of jobs as pages and commands show them: by lines, the newest attempt's or all."""

from collections.abc import Iterator
from dataclasses import dataclass

from jobs import ansi, levels
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
    raw: str = ""
    """The text with what chooses its colours."""


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
    found = [line for chunk in read for line in lines(chunk)]
    return Log(found[-TAIL_LINES:], found[-1].number if found else 0)


def last_line(chunk: LogChunk) -> str:
    """This function will give the last line of a part of a log, without what chooses its colours."""
    return ansi.plain((chunk.text.splitlines() or [""])[-1])


def whole_log(job_id: int, least: Level = Level.DEBUG, grep: str = "") -> Log:
    """This function will give every kept line of at least a level that contains a text.

    Capital and small letters are the same. Older attempts' anchors begin with a.
    """
    chunks = list(LogChunk.objects.filter(job=job_id).order_by("fence", "seq"))
    last = chunks[-1].fence if chunks else 0
    parts = attempts(job_id, chunks)
    found = [
        line
        for chunk in chunks
        for line in lines(
            chunk, "" if chunk.fence == last else f"a{chunk.fence}-", parts.get(chunk.fence, "")
        )
    ]
    return Log([line for line in found if _wanted(line, least, grep)], len(found))


def attempts(job_id: int, chunks: list[LogChunk]) -> dict[int, str]:
    """This function will say which attempts wrote a log, by their fences, where there are several."""
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
    found = [line for chunk in chunks for line in lines(chunk)]
    return [line for line in found if _wanted(line, least, grep)], (
        chunks[-1].pk if chunks else after
    )


def lines(chunk: LogChunk, before: str = "", part: str = "") -> Iterator[Line]:
    """This function will read a part of a log line by line; `before` begins their anchors."""
    texts = chunk.text.splitlines()
    letters = chunk.levels.ljust(len(texts))
    for number, (text, letter) in enumerate(zip(texts, letters, strict=False), chunk.first_line):
        level, bare = levels.of_letter(letter), ansi.plain(text)
        yield Line(f"{before}L{number}", number, bare, level, part, text)


def _wanted(line: Line, least: Level, grep: str) -> bool:
    return line.level.reaches(least) and grep.casefold() in line.text.casefold()


def log_parts(job_id: int) -> Iterator[str]:
    """This function will read a whole log part by part, however long it is, without its colours."""
    chunks = LogChunk.objects.filter(job=job_id).order_by("fence", "seq")
    yield from map(ansi.plain, chunks.values_list("text", flat=True).iterator(chunk_size=8))
