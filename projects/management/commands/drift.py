"""Tells how two maps of a repository differ."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jobs.management.contract import Contract
from projects.management import commits

if TYPE_CHECKING:
    from projects.drift import Side
    from projects.models import Repository

_SHOWN = 50
_TITLES = {
    "nodes": "files",
    "edges": "edges",
    "cycles": "cycles",
    "components": "components",
    "component_edges": "edges between components",
    "dependencies": "dependencies",
}


class Command(Contract):
    """Prints what was added and removed from one commit to another: files, edges, cycles."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the repository and the two commits."""
        parser.add_argument("repository", help="its id, address, name or project")
        parser.add_argument("old", metavar="SHA", help="the older commit, abbreviated or not")
        parser.add_argument("new", metavar="SHA", help="the newer commit, abbreviated or not")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will compare the maps of two commits; one that is not kept is made."""
        from projects import drift

        repository = commits.repository(options["repository"])
        old, new = (_side(repository, options[name]) for name in ("old", "new"))
        return {"repository": repository.pk} | drift.described(drift.compare(old, new)), True

    def show(self, value: Any) -> None:
        """This method will print every difference, a line each."""
        self.stdout.write("\n".join(_lines(value)))


def _side(repository: "Repository", commit: str) -> "Side":
    from projects import drift, maps

    stored = maps.at(repository, commit) if commit else None
    if stored is not None:
        return drift.side(stored)
    made = commits.make(repository.clone, commit, maps.FactsCache())
    return drift.Side(made.commit, made.extractor, made.digest, made.counts, made.document())


def _lines(value: Any) -> Iterator[str]:
    yield f"{value['old']['commit']} → {value['new']['commit']}{': the same' * value['same']}"
    for name, both in value["counts"].items():
        yield f"{name}: {both['old']} → {both['new']}"
    for what, title in _TITLES.items():
        found = value[what]
        for sign, which in (("+", "added"), ("-", "removed")):
            if found[which]:
                yield f"{title} {which}: {len(found[which])}"
            yield from (f"  {sign} {_text(one)}" for one in found[which][:_SHOWN])
            if len(found[which]) > _SHOWN:
                yield f"  showing {_SHOWN} of {len(found[which])}"
    for one in value["nodes"]["moved"][:_SHOWN]:
        yield f"  moved {one['from']} → {one['to']}"
    yield f"files of another content: {len(value['nodes']['changed'])}"


def _text(one: Any) -> str:
    if isinstance(one, list):
        return " → ".join(one)
    if isinstance(one, dict) and "src" in one:
        return f"{one['src']}:{one['line']} {one['kind']} {one['dst']}"
    return one if isinstance(one, str) else " ".join(filter(None, one.values()))
