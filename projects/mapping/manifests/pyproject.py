"""pyproject.toml: name, version, dependencies and commands of a Python project.

Sources of the rules: PEP 621, PEP 735, and poetry's documentation of what it had before them.
"""

from collections.abc import Iterator
from typing import Any

from projects.mapping import untrusted
from projects.mapping.manifests.requirements import requirement

ECOSYSTEM = "pypi"
Dependency = list[Any]  # name, constraint, scope, line


def facts(source: bytes) -> dict[str, Any]:
    """This function will give name, version, dependencies and commands."""
    try:
        read = untrusted.read_toml(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    project, poetry = _table(read, "project"), _table(read, "tool", "poetry")
    places = Places(untrusted.lines(source))
    manifest = {
        "name": _word(project, "name") or _word(poetry, "name"),
        "version": _word(project, "version") or _word(poetry, "version"),
        "dependencies": [*_standard(read, project, places), *_poetry(poetry, places)],
        "scripts": _scripts(project, poetry, places),
    }
    return {"manifest": manifest, "broken": False}


class Places:
    """Where a text stands in a file, asked for in the order of the file, section by section."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._sections: dict[str, int] = {}
        for line, text in enumerate(self._lines):
            if text.startswith("["):
                self._sections.setdefault(text.strip().strip("[]").replace(" ", ""), line)

    def of(self, section: str, word: str) -> int:
        """This method will give the first line of a section that has a word, or where it begins."""
        begin = self._sections.get(section, 0)
        for line in range(begin, len(self._lines)):
            if word in self._lines[line]:
                return line + 1
        return begin + 1


def _standard(
    read: dict[str, Any], project: dict[str, Any], places: Places
) -> Iterator[Dependency]:
    groups = [("project", "", project.get("dependencies"))]
    for scope, section, table in (
        ("optional", "project.optional-dependencies", _table(project, "optional-dependencies")),
        ("dev", "dependency-groups", _table(read, "dependency-groups")),
    ):
        groups += [(section, scope, wanted) for wanted in table.values()]
    groups.append(("build-system", "build", _table(read, "build-system").get("requires")))
    for section, scope, wanted in groups:
        for text in wanted if isinstance(wanted, list) else ():
            parsed = requirement(text) if isinstance(text, str) else None
            if parsed:
                yield [*parsed, scope, places.of(section, text)]


def _poetry(poetry: dict[str, Any], places: Places) -> Iterator[Dependency]:
    groups = [("", "tool.poetry.dependencies", _table(poetry, "dependencies"))]
    groups.append(("dev", "tool.poetry.dev-dependencies", _table(poetry, "dev-dependencies")))
    for name in _table(poetry, "group"):
        section = f"tool.poetry.group.{name}.dependencies"
        groups.append(("dev", section, _table(poetry, "group", name, "dependencies")))
    for scope, section, table in groups:
        for name, said in table.items():
            if name != "python":
                optional = isinstance(said, dict) and said.get("optional") is True
                constraint = said if isinstance(said, str) else _word(_as_table(said), "version")
                where = places.of(section, name)
                yield [name, constraint, "optional" if optional and not scope else scope, where]


def _scripts(project: dict[str, Any], poetry: dict[str, Any], places: Places) -> list[list[Any]]:
    return [
        [name, target, places.of(section, name)]
        for section, table in (
            ("project.scripts", _table(project, "scripts")),
            ("project.gui-scripts", _table(project, "gui-scripts")),
            ("tool.poetry.scripts", _table(poetry, "scripts")),
        )
        for name, target in table.items()
        if isinstance(target, str)
    ]


def _table(read: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        read = _as_table(read.get(name))
    return read


def _as_table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(table: dict[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""
