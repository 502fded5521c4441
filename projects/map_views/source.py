"""The source of one file at the commit of its map, line by line, bounded and escaped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import mark_safe

from jobs.failures import Anticipated
from jobs.redaction import visible
from projects.git import door, reading
from projects.mapping import files
from projects.models import MapNode, Repository

LINES = 1500
"""How many lines one page shows."""
_LONGEST = 1000  # characters of a line; what is minified has one line of a megabyte
_WATCH = door.Watch(deadline_s=10, idle_s=10, limits=reading.READ_LIMITS)


@dataclass(frozen=True)
class Source:
    """A page of lines, or the sentence that says why none are shown; `note` is a warning."""

    html: str = ""
    page: int = 1
    pages: int = 1
    first: int = 1
    last: int = 0
    total: int = 0
    missing: str = ""
    note: str = ""


def page_of(line: int) -> int:
    """This function will name the page on which a line stands."""
    return max(0, line - 1) // LINES + 1


def read(
    repository: Repository,
    node: MapNode,
    number: int,
    marked: Mapping[int, str],
    led: Mapping[int, Sequence[tuple[str, str]]],
) -> Source:
    """This function will read one page of a file's lines.

    `marked` are classes of lines by number, `led` what a line leads to, as (title, address).
    """
    if node.skip in (files.BINARY, files.TOO_LARGE) or node.bytes > files.MAX_PARSED:
        why = "It is not text" if node.skip == files.BINARY else f"It has {node.bytes:,} bytes"
        return Source(missing=f"{why}: its content is not shown.")
    try:
        data = reading.blob(repository.clone, node.blob, files.MAX_PARSED, _WATCH)
    except Anticipated as error:
        return Source(missing=f"Its content cannot be read here: {error}")
    text, note = _decoded(data)
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    pages = max(1, page_of(len(lines)))
    number = min(number, pages)
    first = (number - 1) * LINES + 1
    some = lines[first - 1 : first - 1 + LINES]
    html = "".join(_line(n, line, marked, led) for n, line in enumerate(some, first))
    last = first + len(some) - 1
    return Source(mark_safe(html), number, pages, first, last, len(lines), note=note)  # noqa: S308 — escaped line by line


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace"), "It is written in UTF-16."
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return data.decode(
            errors="replace"
        ), "It is not all UTF-8: what cannot be read stands as �."


def _line(
    number: int,
    text: str,
    marked: Mapping[int, str],
    led: Mapping[int, Sequence[tuple[str, str]]],
) -> str:
    text = text.removesuffix("\r")
    rest = f" <em>… {len(text) - _LONGEST:,} more characters</em>" if len(text) > _LONGEST else ""
    style = f' class="{marked[number]}"' if number in marked else ""
    to = "".join(
        f' <a class="to" href="{escape(address)}">→ {escape(visible(title))}</a>'
        for title, address in led.get(number, ())
    )
    shown = escape(visible(text[:_LONGEST]))
    return (
        f'<li id="L{number}"{style}><a href="#L{number}">{number}</a>'
        f"<span>{shown}{rest}{to}</span></li>"
    )
