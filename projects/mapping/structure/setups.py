"""Python packages that declare themselves by a call in setup.py, as manifests like any other."""

from collections.abc import Mapping
from typing import Any

from projects.mapping.made import Mark
from projects.mapping.manifests.requirements import requirement

KEY = "manifest.setup_cfg"
Manifests = Mapping[str, Mapping[str, Any]]


def added(said: Manifests, marks: Mapping[str, list[Mark]]) -> Manifests:
    """This function will put what setup.py files say beside what setup.cfg files do."""
    found = {
        path: manifest
        for path, seen in marks.items()
        if path.rpartition("/")[2] == "setup.py" and (manifest := _manifest(seen))
    }
    return {**said, KEY: {**said.get(KEY, {}), **found}} if found else said


def _manifest(seen: list[Mark]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for kind, text, line in seen:
        what = kind.removeprefix("package:")
        if what in ("name", "version"):
            facts.setdefault(what, text)
        elif what == "command":
            name, _, target = text.partition("=")
            facts.setdefault("scripts", []).append([name.strip(), target.strip(), line])
        elif what.startswith("needs") and (parsed := requirement(text)):
            scope = what.removeprefix("needs").strip("-")
            facts.setdefault("dependencies", []).append([*parsed, scope, line])
    return facts
