"""What the files of a treemap are coloured by: groups, their colours, and what must be said of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from projects import history
from projects.mapping import languages
from projects.models import History, Repository, SystemMap

COLOURS = 8
"""Of groups that have no order; what comes after is grey."""
READ, HEURISTIC, NOBODY = "imports read", "imports read by a heuristic", "no change by people"
_COVERAGE = {READ: "k-read", HEURISTIC: "k-heuristic", "no extractor": "l-0"}
_CHANGES = (
    (100, "100 changes and more"),
    (30, "30 to 99 changes"),
    (10, "10 to 29 changes"),
    (4, "4 to 9 changes"),
    (2, "2 or 3 changes"),
    (1, "1 change"),
)


@dataclass(frozen=True)
class Grouping:
    """The group of a file from some columns of its row, written as `areas.Asked` has them.

    `fixed` are the colours of groups that have their own, in the order of the legend; the others
    are coloured by rank. `history` is what the groups come from, None where they need none or
    there is none yet: `wants_history` tells the two apart.
    """

    columns: tuple[str, ...]
    group: Callable[..., str]
    fixed: Mapping[str, str] = field(default_factory=dict)
    wants_history: bool = False
    history: History | None = None

    def colours(self, lines: Mapping[str, int]) -> dict[str, str]:
        """This method will give each group its colour, in the order of the legend."""
        ranked = sorted(lines, key=lambda name: (-lines[name], name))
        if self.fixed:
            order = list(self.fixed)
            ranked.sort(key=lambda name: order.index(name) if name in order else len(order))
            return {name: self.fixed.get(name, "k-left") for name in ranked}
        return {name: f"l-{rank if rank <= COLOURS else 0}" for rank, name in enumerate(ranked, 1)}


def _language(repository: Repository, shown: SystemMap) -> Grouping:
    return Grouping(("s.language",), str)


def _coverage(repository: Repository, shown: SystemMap) -> Grouping:
    doubted = set(shown.counts.get("heuristic", []))
    known = {name: languages.family(key) for name, key in languages.KEYS.items()}

    def group(skip: str, language: str) -> str:
        return skip or (HEURISTIC if known.get(language) in doubted else READ)

    return Grouping(("s.skip", "s.language"), group, _COVERAGE)


def _role(repository: Repository, shown: SystemMap) -> Grouping:
    return Grouping(("s.role",), lambda role: role or "code")


def _churn(repository: Repository, shown: SystemMap) -> Grouping:
    known = history.of(repository)
    least = ", ".join(str(least) for least, _ in reversed(_CHANGES))
    names = [NOBODY, *(name for _, name in reversed(_CHANGES))]
    shades = {name: f"h-{len(_CHANGES) - place}" for place, (_, name) in enumerate(_CHANGES)}
    bucket = f"width_bucket(coalesce(f.commits, 0), ARRAY[{least}])" if known else "0::int"
    return Grouping((bucket,), names.__getitem__, shades | {NOBODY: "l-0"}, True, known)


def _owner(repository: Repository, shown: SystemMap) -> Grouping:
    known = history.of(repository)
    top = "CASE WHEN f.commits > 0 THEN f.top_author END" if known else "NULL::text"

    def group(name: str | None) -> str:
        return NOBODY if name is None else name or "no name"

    return Grouping((top,), group, wants_history=True, history=known)


GROUPINGS: dict[str, Callable[[Repository, SystemMap], Grouping]] = {
    "language": _language,
    "churn": _churn,
    "owner": _owner,
    "coverage": _coverage,
    "role": _role,
}
"""By the name the address has for it; the first is what a page shows unasked."""
