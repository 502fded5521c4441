"""Who is declared to own files, beside who changes them: where the two disagree, and why."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from projects import history
from projects.mapping.structure import declared
from projects.mapping.structure.declared import TooDear
from projects.models import History, SystemMap

LEAST = 10
"""Changes below which nothing is said of a rule's files."""
SHARE, TIMES = 0.25, 2
"""Whoever made less of the changes is no owner by them, nor who made less than so often as many."""
_CHANGES = """
    WITH part AS (SELECT * FROM unnest(%(files)s::bigint[], %(claims)s::int[]) AS u (file, claim)),
    counted AS (
      SELECT part.claim, c.author_id, sum(c.commits) AS changes
      FROM part JOIN file_churn c ON c.file_id = part.file GROUP BY part.claim, c.author_id
    )
    SELECT claim, a.name, sum(changes)::bigint
    FROM counted JOIN history_author a ON a.id = author_id AND NOT a.bot GROUP BY claim, a.name
"""
# GitHub and GitLab hide an address behind `12345+login@users.noreply…`, with a hyphen at GitLab.
_PEOPLE = """
    SELECT DISTINCT a.name, lower(a.email), l.login, split_part(a.email, '@', 2) ~* '^users\\.noreply\\.'
    FROM history_author a, LATERAL (
      SELECT lower(regexp_replace(split_part(a.email, '@', 1), '^[0-9]+[+-]', '')) AS login) l
    WHERE a.history_id = %(history)s AND NOT a.bot
      AND (lower(a.email) = ANY(%(emails)s) OR l.login = ANY(%(logins)s))
"""


@dataclass(frozen=True)
class Claim:
    """What a line of a file declares: a pattern of CODEOWNERS, or an entity of a catalogue."""

    about: str
    owners: tuple[str, ...]
    path: str
    line: int


@dataclass(frozen=True)
class Compared:
    """A claim beside the changes of its files: `agrees`, `disagrees`, `unknown` or `sparse`.

    `top` made most of the `changes`, `share` of them; `own` is what the declared owners made whose
    commits are known. `why` says in sentences what the state follows from.
    """

    claim: Claim
    state: str
    files: int
    changes: int
    top: str
    share: float
    own: float
    why: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """All claims with files that people changed, the most changed first; `refused` is why there is none."""

    rows: list[Compared]
    refused: str = ""

    def of(self, state: str) -> list[Compared]:
        """This method will give those in one state."""
        return [row for row in self.rows if row.state == state]


def compare(shown: SystemMap, known: History) -> Comparison:
    """This function will compare declared owners with the people who changed their files.

    By commits of people alone. Whom a team or a login stands for is not guessed: see `_meant`.
    """
    cut = shown.structure.get("cut", {})
    if "owners" in cut or "catalogue" in cut:
        return Comparison([], "Not compared: more is declared than a map keeps.")
    rules = shown.structure.get("owners", [])
    entities = [one for one in shown.structure.get("catalogue", []) if one["owner"]]
    if not rules and not entities:
        return Comparison([])
    files = _files(shown, known)
    try:
        claims = _claims(rules, entities, files)
    except TooDear as error:
        return Comparison([], f"Not compared: {error}.")
    changes = _changes(claims)
    people = _people(known, [owner for claim in claims for owner in claim.owners])
    rows = [_compared(claim, len(claims[claim]), changes[claim], people) for claim in changes]
    return Comparison(sorted(rows, key=lambda row: (-row.changes, row.claim.path, row.claim.line)))


def _files(shown: SystemMap, known: History) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(history.OWNED, history.owned(shown, known))
        return [(pk, path) for pk, path, *_ in cursor.fetchall()]


def _claims(
    rules: list[dict[str, Any]], entities: list[dict[str, Any]], files: list[tuple[int, str]]
) -> dict[Claim, list[int]]:
    """The files of each claim that names somebody: of the last rule, of the nearest catalogue."""
    found: dict[Claim, list[int]] = defaultdict(list)
    said = [
        Claim(rule["pattern"], tuple(rule["owners"]), rule["path"], rule["line"]) for rule in rules
    ]
    for (pk, _), place in zip(files, declared.deciding(rules, [f[1] for f in files]), strict=True):
        if place is not None and said[place].owners:
            found[said[place]].append(pk)
    homes: dict[str, list[Claim]] = defaultdict(list)
    for one in entities:
        claim = Claim(
            f"{one['kind']} {one['name']}", (_ref(one["owner"]),), one["path"], one["line"]
        )
        homes[one["path"].rpartition("/")[0]].append(claim)
    nearest: dict[str, list[Claim]] = {}
    for pk, path in files if homes else ():
        folder = path.rpartition("/")[0]
        if folder not in nearest:
            nearest[folder] = _nearest(homes, folder)
        for claim in nearest[folder]:
            found[claim].append(pk)
    return found


def _nearest(homes: Mapping[str, list[Claim]], folder: str) -> list[Claim]:
    while folder and folder not in homes:
        folder = folder.rpartition("/")[0]
    return homes.get(folder, [])


def _ref(owner: str) -> str:
    """An owner of a catalogue as CODEOWNERS has them. Source: Backstage, "References to entities"."""
    kind, _, rest = owner.rpartition(":")
    name = rest.rpartition("/")[2]
    return f"@{name}" if kind.lower() == "user" else f"group {name}"


def _changes(claims: Mapping[Claim, list[int]]) -> dict[Claim, dict[str, int]]:
    listed = list(claims)
    pairs = [(pk, number) for number, claim in enumerate(listed) for pk in claims[claim]]
    found: dict[Claim, dict[str, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        values = {"files": [pk for pk, _ in pairs], "claims": [number for _, number in pairs]}
        cursor.execute(_CHANGES, values)
        for number, name, changes in cursor.fetchall():
            found[listed[number]][name] = changes
    return found


@dataclass(frozen=True)
class _Meant:
    """The authors an owner stands for, or why nobody can say."""

    names: frozenset[str]
    why: str = ""


def _people(known: History, owners: Iterable[str]) -> dict[str, _Meant]:
    wanted = sorted(set(owners))
    logins = {owner[1:].lower() for owner in wanted if _is_login(owner)}
    emails = {owner.lower() for owner in wanted if not owner.startswith("@")}
    with connection.cursor() as cursor:
        values = {"history": known.pk, "logins": list(logins), "emails": list(emails)}
        cursor.execute(_PEOPLE, values)
        authors = cursor.fetchall()
    return {owner: _meant(owner, authors) for owner in wanted}


def _is_login(owner: str) -> bool:
    return owner.startswith("@") and "/" not in owner and not owner.startswith("@@")


def _meant(owner: str, authors: list[tuple[str, str, str, bool]]) -> _Meant:
    """An e-mail is an author's own. A login is that of a hidden address, else the first part of one
    author's addresses: where several authors have such, nobody is meant."""
    if not owner.startswith("@"):
        if "@" not in owner:
            return _Meant(frozenset(), f"{owner}: who belongs to it is not known here")
        names = frozenset(name for name, email, _, _ in authors if email == owner.lower())
        return _Meant(names, "" if names else f"{owner}: no commit has this address")
    if not _is_login(owner):
        return _Meant(frozenset(), f"{owner} is a team: who belongs to it is not known here")
    said = owner[1:].lower()
    hidden = frozenset(name for name, _, login, is_hidden in authors if login == said and is_hidden)
    others = frozenset(name for name, _, login, _ in authors if login == said)
    if hidden or len(others) == 1:
        return _Meant(hidden or others)
    if others:
        return _Meant(frozenset(), f"{owner}: addresses of {len(others)} authors begin like this")
    return _Meant(frozenset(), f"{owner}: no author's address has this name")


def _compared(
    claim: Claim, files: int, changes: Mapping[str, int], people: Mapping[str, _Meant]
) -> Compared:
    total = sum(changes.values())
    top = min(changes, key=lambda name: (-changes[name], name))
    meant = [people[owner] for owner in claim.owners]
    names = frozenset().union(*(one.names for one in meant))
    own = sum(changes.get(name, 0) for name in names)
    unknown = tuple(one.why for one in meant if one.why)
    state, why = _state(claim, changes, top, names, unknown)
    return Compared(claim, state, files, total, top, changes[top] / total, own / total, why)


def _state(
    claim: Claim,
    changes: Mapping[str, int],
    top: str,
    names: frozenset[str],
    unknown: tuple[str, ...],
) -> tuple[str, tuple[str, ...]]:
    total = sum(changes.values())
    if total < LEAST:
        return "sparse", (f"fewer than {LEAST} changes",)
    if top in names:
        return "agrees", ()
    if unknown:  # the one who made most may be among them
        return "unknown", unknown
    best = max((changes.get(name, 0) for name in names), default=0)
    if changes[top] < SHARE * total or changes[top] < TIMES * best:
        return "agrees", ()
    return "disagrees", tuple(_told(names, changes, total))


def _told(names: Iterable[str], changes: Mapping[str, int], total: int) -> Iterator[str]:
    for name in sorted(names):
        made = changes.get(name, 0)
        yield f"{name or 'no name'} made {made:,} of {total:,} changes, {100 * made / total:.0f} %"
