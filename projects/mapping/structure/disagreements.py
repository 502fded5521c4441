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
    unmatched = declared.unmatched(described["owners"], homes)
    found = [{"what": "owners", "declared": said, "derived": why} for said, why in unmatched]
    found += _between_packages(described, list(wants), homes)
    return sorted(found, key=lambda one: (one["what"], one["declared"], one["derived"]))


def _between_packages(
    described: Mapping[str, Any], wants: list[Wanted], homes: Mapping[str, str]
) -> list[dict[str, str]]:
    """A package of the repository that is declared and never imported, or the other way round."""
    own = _Packages(described, homes)
    said: dict[tuple[str, str], Wanted] = {}
    for one in wants:
        target = own.named.get((one.ecosystem, packages.normal(one.ecosystem, one.name)))
        source = own.of_component(homes.get(one.path))
        if target is not None and source is not None and source != target:
            said.setdefault((source, target), one)
    seen = {
        (own.of_component(src), own.of_component(dst))
        for src, dst, _ in described["component_edges"]
    }
    unused = [
        _said(f"{one.path}:{one.line} {one.name}", f"no import of {target}")
        for (source, target), one in said.items()
        if (source, target) not in seen and not one.scope
    ]
    return unused + [
        _said(f"{own.manifests[src]} does not name {own.names[dst]}", f"{src} imports {dst}")
        for src, dst in sorted(seen - set(said), key=str)
        if src and dst and src != dst
    ]


class _Packages:
    """The packages a repository publishes, by their folders; "" is the repository's own."""

    def __init__(self, described: Mapping[str, Any], homes: Mapping[str, str]) -> None:
        self.named: dict[tuple[str, str], str] = {}
        self.manifests: dict[str, str] = {}
        self.names: dict[str, str] = {}
        for one in described["publishes"]:
            folder, ecosystem = one["path"].rpartition("/")[0], one["ecosystem"]
            if ecosystem in _INSTALLED and one["path"] in homes:
                self.named[ecosystem, packages.normal(ecosystem, one["name"])] = folder
                self.manifests[folder], self.names[folder] = one["path"], one["name"]
        self._homes = {one["name"]: self._deepest(one["path"]) for one in described["components"]}

    def of_component(self, name: str | None) -> str | None:
        """The folder of the package a component is part of: one that was opened is one package."""
        return self._homes.get(name) if name is not None else None

    def _deepest(self, folder: str) -> str | None:
        while folder and folder not in self.manifests:
            folder = folder.rpartition("/")[0]
        return folder if folder in self.manifests else None


def _said(said: str, derived: str) -> dict[str, str]:
    return {"what": "dependency", "declared": said, "derived": derived}
