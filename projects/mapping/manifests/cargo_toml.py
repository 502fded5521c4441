"""`Cargo.toml`: a package, what it is built from, what it needs, and the workspace it leads.

Source of the format: the Cargo book, "The manifest format", "Workspaces" and "Overriding
dependencies".
"""

from collections.abc import Iterator
from typing import Any

from projects.mapping import untrusted
from projects.mapping.manifests.pyproject import Places

ECOSYSTEM = "cargo"
_SCOPES = {"dependencies": "", "dev-dependencies": "dev", "build-dependencies": "build"}
_BY_HAND = {"autobins": "src/bin", "autoexamples": "examples", "autotests": "tests"}
_TARGETS = ("bin", "example", "test", "bench")

Table = dict[str, Any]


def facts(source: bytes) -> dict[str, Any]:
    """This function will read one Cargo.toml.

    Beside what every manifest has: "edition"; "library" [name, path]; "targets", paths of programs
    and tests; "by_hand", folders in which none are looked for; "build", the path of its script;
    "local", what may be here: [name, package, path, whether the workspace says where]; and of a
    "workspace": "shared" [name, package, path], "shared_edition", "patched" [package, path].
    """
    try:
        read = untrusted.read_toml(source)
    except untrusted.Broken:
        return {"manifest": _said({}, Places([])), "broken": True}
    broken = not _table(read, "package") and not _table(read, "workspace")
    return {"manifest": _said(read, Places(untrusted.lines(source))), "broken": broken}


def _said(read: Table, places: Places) -> Table:
    package, workspace = _table(read, "package"), _table(read, "workspace")
    library, build = _table(read, "lib"), package.get("build")
    shared = [_local(*one) for one in sorted(_table(workspace, "dependencies").items())]
    needed = list(_needed(read))
    return {
        "name": _word(package, "name"),
        "version": _word(package, "version"),
        "dependencies": sorted(_dependencies(read, places), key=lambda one: (one[3], one)),
        "edition": _word(package, "edition"),
        "library": [_word(library, "name"), _word(library, "path")],
        "targets": sorted(_targets(read)),
        "by_hand": [place for key, place in _BY_HAND.items() if package.get(key) is False]
        + ["benches"] * (package.get("autobenches") is False),
        "build": build if isinstance(build, str) else "",
        "local": [_local(name, wanted) for _, name, wanted, _ in needed],
        "workspace": "workspace" in read,
        "shared": [[name, package, path] for name, package, path, _ in shared],
        "shared_edition": _word(_table(workspace, "package"), "edition"),
        "patched": sorted(_patched(read)),
    }


def _needed(read: Table) -> Iterator[tuple[str, str, Any, str]]:
    """The section, the name it is called by, what is said of it, and the scope."""
    sections = [("", read)]
    targets = _table(read, "target")
    sections += [(f"target.{name}.", _table(targets, name)) for name in sorted(targets)]
    for prefix, table in sections:
        for key, scope in _SCOPES.items():
            for name, wanted in sorted(_table(table, key).items()):
                yield prefix + key, name, wanted, scope


def _dependencies(read: Table, places: Places) -> Iterator[list[Any]]:
    """Those of registries; what lies at a path is no dependency but the same repository."""
    shared = _table(_table(read, "workspace"), "dependencies")
    listed = [("workspace.dependencies", name, said, "") for name, said in sorted(shared.items())]
    for section, name, wanted, scope in [*listed, *_needed(read)]:
        table = wanted if isinstance(wanted, dict) else {"version": wanted}
        if "path" not in table:
            optional = "optional" if table.get("optional") is True else scope
            package = _word(table, "package") or name
            yield [package, _word(table, "version"), optional, places.of(section, name)]


def _local(name: str, wanted: Any) -> list[Any]:
    table = wanted if isinstance(wanted, dict) else {}
    package = _word(table, "package") or name
    return [name, package, _word(table, "path"), table.get("workspace") is True]


def _targets(read: Table) -> Iterator[str]:
    for kind in _TARGETS:
        listed = read.get(kind)
        for target in listed if isinstance(listed, list) else ():
            if isinstance(target, dict) and _word(target, "path"):
                yield _word(target, "path")


def _patched(read: Table) -> Iterator[list[str]]:
    for registry in _table(read, "patch").values():
        for name, wanted in registry.items() if isinstance(registry, dict) else ():
            _, package, path, _ = _local(name, wanted)
            if path:
                yield [package, path]


def _table(table: Table, key: str) -> Table:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _word(table: Table, key: str) -> str:
    found = table.get(key)
    return found if isinstance(found, str) else ""
