"""Tells what could break when files change."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from jobs.management.contract import BadInput, Contract
from projects.git import comparing, door, reading
from projects.git.comparing import Change
from projects.management import commits
from projects.mapping import files

if TYPE_CHECKING:
    from projects.impact import Impact
    from projects.models import Repository

LIMIT = 10_000
_SHOWN = 50
_LONGEST_PATCH = 64 << 20
_WATCH = door.Watch(limits=reading.READ_LIMITS)
_WORDS = {"import": "imports", "part": "has the part"}


class Command(Contract):
    """Prints who needs these files, nearest first and tests first, each with a proof."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the repository and what changes."""
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[assignment]  # any order
        parser.add_argument("repository", help="its id, address, name or project")
        parser.add_argument("path", nargs="*", help="a file or folder, as the map shows it")
        parser.add_argument(
            "--diff",
            metavar="BASE..HEAD",
            default="",
            help="two commits, or - for a patch on stdin",
        )
        parser.add_argument("--at", metavar="SHA", default="", help="another commit than mapped")
        parser.add_argument("--limit", type=int, default=LIMIT, help="how many affected to list")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will walk the edges backwards."""
        from projects import impact

        _check(options)
        self.bad_input = (*self.bad_input, impact.NotOnTheMap)
        repository = commits.repository(options["repository"])
        ask = _of_diff if options["diff"] else _of_paths
        found, changed = ask(repository, options)
        head = {"repository": repository.pk, "changed": changed}
        return head | impact.described(found, options["limit"]), True

    def show(self, value: Any) -> None:
        """This method will print the changes and those they affect, each with its proof."""
        self.stdout.write("\n".join(_lines(value)))


def _check(options: dict[str, Any]) -> None:
    if bool(options["path"]) == bool(options["diff"]):
        raise BadInput("impact: give either paths or --diff BASE..HEAD")
    if options["limit"] < 0:
        raise BadInput(f"--limit: {options['limit']} is below zero; give how many to list")
    if options["at"] and options["diff"] not in ("", "-"):
        raise BadInput("--at: --diff names its commits itself; leave one of them out")


def _of_paths(
    repository: "Repository", options: dict[str, Any]
) -> tuple["Impact", list[dict[str, Any]]]:
    found = _on_the_map(repository, options["at"], options["path"]).insist()
    return found, [{"path": path, "status": "given", "on_map": True} for path in found.changed]


def _of_diff(
    repository: "Repository", options: dict[str, Any]
) -> tuple["Impact", list[dict[str, Any]]]:
    """A patch is not applied yet: the map has its old names. Of two commits, the newer's has
    the new ones, and what needed the others is asked of the older one's."""
    from projects import impact

    if options["diff"] == "-":
        changes = comparing.in_patch(sys.stdin.buffer.read(_LONGEST_PATCH).split(b"\n"))
        found = _on_the_map(repository, options["at"], _shown(one.old for one in changes))
        return found, _told(changes, found)
    old, new = _commits(repository, options["diff"])
    changes = comparing.between(repository.clone, old, new, _WATCH)
    found = _on_the_map(repository, new, _shown(one.new for one in changes))
    gone = _shown(one.old for one in changes if one.old != one.new)
    if gone:
        found = impact.merged(found, _on_the_map(repository, old, gone))
    return found, _told(changes, found)


def _on_the_map(repository: "Repository", at: str, paths: Sequence[str]) -> "Impact":
    from projects import impact, maps
    from projects.snapshots import snapshot

    with snapshot():
        repository.refresh_from_db(fields=["current_map"])
        stored = maps.at(repository, at)
        if stored is not None and stored.pk == repository.current_map_id:
            return impact.of_map(stored, paths)
    answer = commits.registered(repository, at)
    return impact.of_content(answer.content(), answer.head["commit"], paths, answer.head["counts"])


def _commits(repository: "Repository", text: str) -> tuple[str, str]:
    old, dots, new = text.partition("..")
    if not (old and dots):
        raise BadInput(f"--diff: {text[:200]!a} names no two commits; give BASE..HEAD or -")
    ends = [reading.commit(repository.clone, one, _WATCH) for one in (old, new) if one]
    return ends[0], ends[1] if new else repository.head_commit


def _shown(names: Iterable[str]) -> list[str]:
    return [files.shown(name) for name in names if name]


def _told(changes: Sequence[Change], found: "Impact") -> list[dict[str, Any]]:
    known = set(found.changed)
    told = []
    for one in changes:
        names = _shown((one.new, one.old))
        row = {"path": names[0], "status": one.word, "on_map": not known.isdisjoint(names)}
        told.append(row | ({"from": names[1]} if one.word == "renamed" else {}))
    return told


def _lines(value: Any) -> Iterator[str]:
    for one in value["changed"][:_SHOWN]:
        yield f"{one['status']}: {one['path']}{'' if one['on_map'] else ' (not on the map)'}"
    if len(value["changed"]) > _SHOWN:
        yield f"showing {_SHOWN} of {len(value['changed'])} changes"
    yield f"{value['total']} affected at {value['commit']}, {value['tests']} of them tests"
    shown = value["affected"][:_SHOWN]
    for one in shown:
        package = " (package)" if one["kind"] == "package" else ""
        yield f"{one['distance']:>4} {one['path']}{package}"
        for step in one["proof"]:
            yield f"       {step['src']}:{step['line']} {_WORDS[step['kind']]} {step['dst']}"
    if len(shown) < value["total"]:
        yield f"showing {len(shown)} of {value['total']}"
    named = (f"{one['name'] or 'top'} {one['files']}" for one in value["components"])
    yield f"components: {', '.join(named) or 'none'}"
    yield f"not covered: {'; '.join(value['not_covered'])}"
