"""The repository's own rules about imports, and the edges that break them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from projects.mapping.made import IMPORT, MapEdge
from projects.mapping.structure import globs


def violations(
    said: Mapping[str, Mapping[str, Any]], edges: Sequence[MapEdge]
) -> list[dict[str, Any]]:
    """This function will list the edges that break a rule: rule, src, dst, lines."""
    rules = said.get("manifest.rules", {}).get(".factory/rules.toml", {}).get("rules", [])
    paths = {end for edge in edges if rules for end in (edge.src, edge.dst)}
    found = [
        {"rule": rule["name"], "src": edge.src, "dst": edge.dst, "lines": edge.lines}
        for rule in rules
        for edge in _broken_by(rule, edges, paths)
    ]
    return sorted(found, key=lambda one: (one["rule"], one["src"], one["dst"]))


def errors(said: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """This function will say what is wrong with the rules, one line each."""
    facts = said.get("manifest.rules", {}).get(".factory/rules.toml", {})
    return [f".factory/rules.toml: {error}" for error in facts.get("errors", ())]


def _broken_by(
    rule: Mapping[str, Any], edges: Sequence[MapEdge], paths: set[str]
) -> Iterable[MapEdge]:
    groups = [globs.either([globs.compiled(one) for one in group]) for group in rule["groups"]]
    allowed = globs.either([globs.compiled(one) for one in rule["except"]])
    if rule["kind"] == "forbidden":
        sources, targets = ({path for path in paths if match(path)} for match in groups)
        broken = (edge for edge in edges if edge.src in sources and edge.dst in targets)
    else:
        place = {path: _first(groups, path) for path in paths}
        layered = rule["kind"] == "layers"
        broken = (edge for edge in edges if _wrong(place[edge.src], place[edge.dst], layered))
    return (edge for edge in broken if edge.kind == IMPORT and not allowed(edge.src))


def _wrong(source: int | None, target: int | None, layered: bool) -> bool:
    """Layers are numbered from the top; what is in none may import anything."""
    if source is None or target is None:
        return False
    return target < source if layered else target != source


def _first(groups: list[globs.Match], path: str) -> int | None:
    return next((number for number, match in enumerate(groups) if match(path)), None)
