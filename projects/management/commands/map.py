"""Shows a repository's map, or maps a local repository without registering it."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from jobs.management.contract import BadInput, Contract
from projects.management import answers, commits


class Command(Contract):
    """Prints what is true of one commit: counts, languages, and on demand edges and nodes."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the repository and what to show."""
        parser.add_argument(
            "repository", help="its id, address, name or project; a path with --once"
        )
        parser.add_argument(
            "--once", action="store_true", help="map a local repository, keep nothing"
        )
        parser.add_argument(
            "--at", metavar="SHA", default="", help="another commit than the newest"
        )
        parser.add_argument("--edges", action="store_true", help="every edge with its line")
        parser.add_argument("--nodes", action="store_true", help="every file")
        parser.add_argument("--export", metavar="FORMAT", help="json, graphml, dot or mermaid")
        parser.add_argument("--level", help="what is exported: files, or components")
        parser.add_argument("--text", action="store_true", help="for agents: central files first")
        parser.add_argument("--tokens", type=int, default=4000, help="the most that --text costs")

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will read or make one map."""
        _check(options)
        text, at = options["repository"], options["at"]
        kept = commits.Definitions()
        if options["once"]:
            found = commits.once(text, at, kept)
        else:
            found = commits.registered(commits.repository(text), at)
        if options["export"]:
            return _exported(found, options["export"], options["level"]), True
        if options["text"]:
            return _text(found, options["tokens"], kept if options["once"] else None), True
        wanted = [name for name in ("edges", "nodes") if options[name]]
        return answers.as_json(found, wanted), True

    def show(self, value: Any) -> None:
        """This method will print the map for people, or an export as it is."""
        if "text" in value:
            self.stdout.write(value["text"], ending="")
            return
        self.stdout.write("\n".join(answers.as_lines(value)))


def _check(options: dict[str, Any]) -> None:
    from projects import exports, textmap

    wanted = [name for name in ("export", "text", "edges", "nodes") if options[name]]
    if wanted[1:] and not set(wanted) <= {"edges", "nodes"}:
        raise BadInput(f"--{wanted[0]}: it cannot be had together with --{wanted[1]}; ask twice")
    if options["export"] and options["export"] not in exports.FORMATS:
        formats = ", ".join(exports.FORMATS)
        raise BadInput(f"--export: {options['export'][:50]!a} is no format; give one of {formats}")
    if options["level"] and options["level"] not in exports.LEVELS:
        levels = " or ".join(exports.LEVELS)
        raise BadInput(f"--level: {options['level'][:50]!a} is no level; give {levels}")
    if not textmap.LEAST <= options["tokens"] <= textmap.MOST:
        span = f"{textmap.LEAST} to {textmap.MOST}"
        raise BadInput(f"--tokens: {options['tokens']} is too few or many; give {span}")


def _exported(found: answers.Answer, name: str, level: str | None) -> dict[str, Any]:
    from projects import exports

    level = level or exports.FORMATS[name].level
    graph = exports.graph(found.content(), level, answers.about(found))
    return {"format": name, "level": level, "text": "".join(exports.FORMATS[name].write(graph))}


def _text(found: answers.Answer, tokens: int, kept: commits.Definitions | None) -> dict[str, Any]:
    from projects import maps, textmap

    title = f"{found.head['repository']} at {found.head['commit'][:12]}"
    definitions = kept.of if kept is not None else maps.definitions
    return asdict(textmap.write(found.content(), title, tokens, definitions))
