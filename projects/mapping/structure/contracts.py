"""The repository's own rules about imports, and the edges that break them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from projects.mapping.edges import EdgeTable
from projects.mapping.made import IMPORT, PART, MapEdge
from projects.mapping.structure import globs

FILE = ".factory/rules.toml"
_MOST_TRIED = 50_000_000  # steps; 10 s
_Wrong = Callable[[int, int], bool]  # numbers of the importing and the imported path


def check(
    said: Mapping[str, Mapping[str, Any]], edges: EdgeTable
) -> tuple[list[dict[str, Any]], list[str]]:
    """This function will list the edges that break a rule, and what is wrong with the rules.

    The first are {rule, src, dst, lines}, the second one line each.
    """
    facts = said.get("manifest.rules", {}).get(FILE, {})
    rules, errors = facts.get("rules", []), [f"{FILE}: {one}" for one in facts.get("errors", ())]
    groups = (group for rule in rules for group in (*rule["groups"], rule["except"]))
    patterns, size = [one for group in groups for one in group], globs.Size.of(edges.names)
    if sum(globs.cost(one, size) for one in patterns) > _MOST_TRIED:
        said_so = f"{FILE}: {len(patterns)} patterns are too many for {size.files} files"
        return [], [*errors, f"{said_so}; no rule was checked"]
    found = [
        {"rule": rule["name"], "src": edge.src, "dst": edge.dst, "lines": edge.lines}
        for rule in rules
        for edge in _broken_by(rule, edges)
    ]
    return sorted(found, key=lambda one: (one["rule"], one["src"], one["dst"])), errors


def _broken_by(rule: Mapping[str, Any], edges: EdgeTable) -> Iterator[MapEdge]:
    groups = [globs.either([globs.compiled(one) for one in group]) for group in rule["groups"]]
    allowed = cache(globs.either([globs.compiled(one) for one in rule["except"]]))
    wrong = _forbidden(groups, edges.names) if rule["kind"] == "forbidden" else None
    wrong = wrong or _placed(groups, edges.names, rule["kind"] == "layers")
    for position, ends in enumerate(edges.links(IMPORT, PART)):
        if wrong(*ends):
            edge = edges[position]
            if edge.kind == IMPORT and not allowed(edge.src):
                yield edge


def _forbidden(groups: Sequence[globs.Match], names: Sequence[str]) -> _Wrong:
    sources, targets = (
        {number for number, name in enumerate(names) if match(name)} for match in groups
    )
    return lambda src, dst: src in sources and dst in targets


def _placed(groups: Sequence[globs.Match], names: Sequence[str], layered: bool) -> _Wrong:
    """Layers are numbered from the top; what is in none may import anything."""
    place = [next((at for at, match in enumerate(groups) if match(name)), None) for name in names]

    def wrong(src: int, dst: int) -> bool:
        source, target = place[src], place[dst]
        if source is None or target is None:
            return False
        return target < source if layered else target != source

    return wrong
