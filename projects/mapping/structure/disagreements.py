"""Where what is declared and what the files say are not the same."""

from collections.abc import Iterable, Mapping
from typing import Any

from projects.mapping.structure import declared, packages
from projects.mapping.structure.packages import Wanted

_INSTALLED = ("npm", "pypi", "cargo")
"""Where a package must declare each other package of the repository that it imports."""


def disagreements(
    described: Mapping[str, Any],
    wants: Iterable[Wanted],
    homes: Mapping[str, str],
) -> list[dict[str, str]]:
    """This function will list what is declared and not so: {what, declared, derived}, sorted."""
    found = [
        {
            "what": "owners",
            "declared": f"{rule['path']}:{rule['line']} {rule['pattern']}",
            "derived": "no file matches",
        }
        for rule in declared.unmatched(described["owners"], homes)
    ]
    found += _between_packages(described, list(wants), homes)
    return sorted(found, key=lambda one: (one["what"], one["declared"], one["derived"]))


def _between_packages(
    described: Mapping[str, Any], wants: list[Wanted], homes: Mapping[str, str]
) -> list[dict[str, str]]:
    """A package of the repository that is declared and never imported, or the other way round."""
    published = {
        (one["ecosystem"], packages.normal(one["ecosystem"], one["name"])): homes.get(one["path"])
        for one in described["publishes"]
        if one["ecosystem"] in _INSTALLED
    }
    own = {component for component in published.values() if component is not None}
    said: dict[tuple[str, str], Wanted] = {}
    for one in wants:
        target = published.get((one.ecosystem, packages.normal(one.ecosystem, one.name)))
        source = homes.get(one.path)
        if target is not None and source in own and source != target:
            said.setdefault((source, target), one)
    seen = {(src, dst) for src, dst, _ in described["component_edges"] if {src, dst} <= own}
    unused = [
        _said(f"{one.path}:{one.line} {one.name}", f"{ends[0]} imports nothing of {ends[1]}")
        for ends, one in said.items()
        if ends not in seen and not one.scope
    ]
    return unused + [
        _said(f"nothing by {src}", f"{src} imports {dst}") for src, dst in seen - set(said)
    ]


def _said(said: str, derived: str) -> dict[str, str]:
    return {"what": "dependency", "declared": said, "derived": derived}
