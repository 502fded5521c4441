"""What pages and commands ask of histories: hotspots, owners, what changes together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import F, Max, Q, Sum

from projects.mapping import roles
from projects.mapping.linguist import tongues
from projects.models import Coupling, FileChurn, History, HistoryFile, Repository, SystemMap

ROWS = 50
MONTHS = 24  # that a trend shows
_WRITTEN = sorted(tongues.COUNTED)
KINDS: Mapping[str, tuple[str, ...]] = {
    "code": ("",),
    "tests": (roles.TEST,),
    "documents": (roles.DOCUMENTATION,),
    "all": ("", roles.TEST, roles.DOCUMENTATION),
}
"""Which files a list of hotspots may be asked for, and their roles; nobody writes the others.

Code is what is written to be run or looked at: no data, such as translations.
"""
_HOTSPOTS = """
    SELECT f.id, n.path, s.lines, f.commits, f.recent, f.before, f.authors, f.top_author,
           f.top_commits, f.last, f.{changes} * s.lines AS score, count(*) OVER () AS of
    FROM map_sighting s
    JOIN map_node n ON n.id = s.node_id AND n.kind = 'file'
    JOIN history_file f ON f.history_id = %(history)s AND f.path = n.path
    WHERE s.repository_id = %(repository)s AND s.role = ANY(%(roles)s) AND s.lines > 0 AND f.{changes} > 0
      AND (s.language = ANY(%(languages)s) OR NOT %(code)s)
      AND starts_with(n.path, %(under)s)
    ORDER BY score DESC, n.path COLLATE "C" LIMIT %(rows)s OFFSET %(from)s
"""
OWNED = """
    SELECT f.id, n.path, s.component, f.recent, f.authors FROM map_sighting s
    JOIN map_node n ON n.id = s.node_id AND n.kind = 'file'
    JOIN history_file f ON f.history_id = %(history)s AND f.path = n.path
    WHERE s.repository_id = %(repository)s AND f.commits > 0
      AND (s.role = ANY(%(prose)s) OR s.role = ANY(%(roles)s) AND s.language = ANY(%(languages)s))
"""
"""The files of a map that have owners: code, tests and documents that people changed."""
# By numbers first: names are long, and a file has a row for each author and month.
_OWNERS = f"""
    WITH shown AS ({OWNED}), part AS (
      SELECT row_number() OVER () AS number, component FROM (SELECT DISTINCT component FROM shown) c
    ), counted AS (
      SELECT part.number, c.author_id, sum(c.commits) AS changes, max(c.month) AS last,
             sum(c.commits) FILTER (WHERE c.month > %(recent)s) AS recent
      FROM shown JOIN part USING (component) JOIN file_churn c ON c.file_id = shown.id
      GROUP BY part.number, c.author_id
    )
    SELECT part.component, a.name, sum(changes)::bigint, max(last), coalesce(sum(recent), 0)::bigint
    FROM counted JOIN part USING (number) JOIN history_author a ON a.id = author_id AND NOT a.bot
    GROUP BY part.component, a.name
"""  # noqa: S608 — OWNED is a constant


@dataclass(frozen=True)
class Hotspot:
    """A file that is changed often and is large; `score` is changes times lines."""

    id: int
    path: str
    lines: int
    commits: int
    recent: int
    before: int
    authors: int
    top_author: str
    top_commits: int
    last: date
    score: int
    of: int

    @property
    def trend(self) -> str:
        """Whether it is changed more than a year before, in a word.

        What has no year before, or was changed once, goes in no direction.
        """
        if self.commits == 1:
            return "changed once"
        if self.commits == self.recent:
            return "new"
        if self.recent == self.before:
            return "steady"
        return "rising" if self.recent > self.before else "falling"


@dataclass(frozen=True)
class Hotspots:
    """One page of them; `total` is how many there are."""

    rows: list[Hotspot]
    total: int
    number: int

    @property
    def further(self) -> bool:
        """Whether another page follows."""
        return self.number * ROWS < self.total


@dataclass(frozen=True)
class Person:
    """What somebody did to some files: a change is one file in one commit."""

    name: str
    changes: int
    recent: int
    last: date
    share: float  # of all changes by people, 0 to 1

    @property
    def percent(self) -> float:
        """The same in percent."""
        return 100 * self.share


@dataclass(frozen=True)
class Owners:
    """Who changed a component, or the whole repository under the name ''; the most first.

    `bus_factor` is the fewest people who together made more than half of the changes.
    """

    name: str
    changes: int
    people: list[Person]
    bus_factor: int

    @property
    def last(self) -> date:
        """The month of the newest change."""
        return max(person.last for person in self.people)


@dataclass(frozen=True)
class FileStory:
    """The history of one path."""

    file: HistoryFile
    people: list[Person]
    coupled: list[Coupling]
    months: list[tuple[date, int]]


def of(repository: Repository) -> History | None:
    """This function will give what is known of a repository's commits, or None before that."""
    return History.objects.filter(repository=repository).first()


def told(repository: Repository) -> dict[str, Any] | None:
    """This function will give `commit`, `state`, and `files`: path to commits, authors, top author.

    None where nothing is known; files that no person changed are left out.
    """
    known = of(repository)
    if known is None:
        return None
    rows = HistoryFile.objects.filter(history=known, commits__gt=0)
    files = rows.values_list("path", "commits", "authors", "top_author")
    return {
        "commit": known.commit,
        "state": str(known.state),
        "files": {path: found for path, *found in files.iterator()},
    }


def ago(until: date, months: int) -> date:
    """This function will give the first day of the month so many months before another."""
    number = until.year * 12 + until.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def hotspots(
    shown: SystemMap, history: History, *, kind: str, recent: bool, under: str, number: int
) -> Hotspots:
    """This function will rank files by changes times lines; `recent` counts the newest year alone.

    `kind` is one of KINDS, `under` the beginning of a path, `number` the page, from 1.
    """
    statement = _HOTSPOTS.format(changes="recent" if recent else "commits")
    values = {
        "history": history.pk,
        "repository": shown.repository_id,
        "roles": list(KINDS[kind]),
        "languages": _WRITTEN,
        "code": kind == "code",
        "under": under,
        "rows": ROWS,
        "from": (number - 1) * ROWS,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = [Hotspot(*row) for row in cursor.fetchall()]
    return Hotspots(rows, rows[0].of if rows else 0, number)


def months(history: History, files: list[int]) -> dict[int, list[tuple[date, int]]]:
    """This function will count the changes of files by people in each of the newest months."""
    shown = [ago(history.until, back) for back in range(MONTHS - 1, -1, -1)]
    found: dict[int, dict[date, int]] = {pk: dict.fromkeys(shown, 0) for pk in files}
    churn = FileChurn.objects.filter(
        file__in=files, month__gte=shown[0], month__lte=shown[-1], author__bot=False
    )
    counted = churn.values_list("file", "month").annotate(changes=Sum("commits"))
    for file, month, changes in counted:
        found[file][month] = changes
    return {pk: list(counts.items()) for pk, counts in found.items()}


def owned(shown: SystemMap, history: History) -> dict[str, Any]:
    """This function will give the values that OWNED and what is built upon it are asked with."""
    return {
        "history": history.pk,
        "repository": shown.repository_id,
        "recent": ago(history.until, 12),
        "roles": ["", roles.TEST],
        "prose": [roles.DOCUMENTATION],
        "languages": _WRITTEN,
    }


def owners(shown: SystemMap, history: History) -> list[Owners]:
    """This function will say who changed the files of a map: the whole first, then by component.

    Of code, tests and documents; data, vendored and generated files have no owner.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OWNERS, owned(shown, history))
        rows = cursor.fetchall()
    whole: dict[str, tuple[int, int, date]] = {}
    parts: dict[str, dict[str, tuple[int, int, date]]] = {}
    for component, name, changes, last, recent in rows:
        parts.setdefault(component, {})[name] = (changes, recent, last)
        before = whole.get(name, (0, 0, last))
        whole[name] = (before[0] + changes, before[1] + recent, max(before[2], last))
    if not whole:
        return []
    listed = [_owners(name, parts[name]) for name in parts]
    listed.sort(key=lambda one: (-one.changes, one.name))
    return [_owners("", whole), *listed]


def _owners(name: str, people: Mapping[str, tuple[int, int, date]]) -> Owners:
    total = sum(changes for changes, _, _ in people.values())
    ranked = sorted(
        (
            Person(person, changes, recent, last, changes / total)
            for person, (changes, recent, last) in people.items()
        ),
        key=lambda one: (-one.changes, -one.last.toordinal(), one.name),
    )
    return Owners(name, total, ranked, bus_factor([one.changes for one in ranked]))


def bus_factor(changes: list[int]) -> int:
    """This function will give how few people made more than half of the changes."""
    total, so_far = sum(changes), 0
    for number, each in enumerate(sorted(changes, reverse=True), 1):
        so_far += each
        if so_far * 2 > total:
            return number
    return 0


def of_file(history: History, path: str) -> FileStory | None:
    """This function will tell the history of one path, also of one that is gone; None if it has none."""
    file = HistoryFile.objects.filter(history=history, path=path).first()
    if file is None:
        return None
    since = ago(history.until, 12)
    rows = (
        FileChurn.objects.filter(file=file, author__bot=False)
        .values_list("author__name")
        .annotate(
            changes=Sum("commits"),
            recent=Sum("commits", filter=Q(month__gt=since), default=0),
            newest=Max("month"),
        )
    )
    people = {name: (changes, recent, last) for name, changes, recent, last in rows}
    ranked = _owners(path, people).people if people else []
    return FileStory(file, ranked, coupled(history, path), months(history, [file.pk])[file.pk])


def coupled(history: History, path: str = "", number: int = 1) -> list[Coupling]:
    """This function will give the pairs that change together most often, of one file or of all."""
    found = Coupling.objects.filter(history=history).select_related("one", "other")
    if path:
        found = found.filter(Q(one__path=path) | Q(other__path=path))
    begin = (number - 1) * ROWS
    return list(
        found.order_by("-together", F("of_one") + F("of_other"), "pk")[begin : begin + ROWS]
    )
