"""Measures the product and prints the figures with the machine they were seen on."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from factory.bench import controls, history, jobs, live, pages, peers, recovery, retries
from jobs.management.contract import BadInput, Contract
from projects.mapping import bench as maps

_OF_REPOSITORY = {"map": maps.run, "history": history.run}


class Command(Contract):
    """Measures: jobs, what controls cost, map PATH (by phase), history PATH, live, pages, retries (simulated), recovery (kills)."""

    help = __doc__
    bad_input = (*Contract.bad_input, peers.NotInstalled)

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare what is measured."""
        parser.add_argument(
            "what",
            choices=("jobs", "controls", "history", "live", "map", "pages", "recovery", "retries"),
            help="what to measure",
        )
        parser.add_argument("path", nargs="?", help="map, history: a local repository")
        parser.add_argument("--projects", type=int, default=10_000, help="pages: how many")
        parser.add_argument("--jobs", type=int, default=1_000_000, help="pages: how many")
        parser.add_argument("--only", default="", help="pages: those with this in their address")
        parser.add_argument("--count", type=int, default=100_000, help="jobs: how many")
        parser.add_argument("--batch", type=int, help="jobs: the most claimed at a time")
        parser.add_argument("--kills", type=int, default=50, help="recovery: of a busy runner")
        parser.add_argument("--idle-kills", type=int, default=20, help="recovery: of an idle one")
        parser.add_argument("--sockets", type=int, default=500, help="live: how many")
        parser.add_argument("--rate", type=int, default=1000, help="live: jobs a second")
        parser.add_argument("--storm", type=int, default=0, help="live: states changed besides")
        parser.add_argument("--seconds", type=float, default=60, help="live: of load")
        parser.add_argument("--seed", type=int, default=1, help="retries: the same is the same")
        rivals = sorted(peers.PEERS)
        parser.add_argument(
            "--vs", action="append", choices=rivals, default=[], help="jobs: a peer in the same run"
        )

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will measure; the answer is no when a job was lost."""
        if options["what"] in _OF_REPOSITORY:
            if options["path"] is None:
                raise BadInput(f"path: bench {options['what']} needs a local repository")
            return _OF_REPOSITORY[options["what"]](options["path"]), True
        if options["what"] in _BY_ITSELF:
            return _BY_ITSELF[options["what"]](options)
        if options["count"] < 1 or (options["batch"] or 1) < 1:
            raise BadInput("--count, --batch: give a number from 1")
        return _of_jobs(options)

    def show(self, value: Any) -> None:
        """This method will print one figure a line."""
        for page in value.pop("pages", ()):
            self.stdout.write(pages.line(page))
        for name, figure in _lines(value):
            self.stdout.write(f"{name:<14} {figure}")


def _of_jobs(options: dict[str, Any]) -> tuple[Any, bool]:
    if options["what"] == "retries":
        return retries.run(options["count"], options["seed"]), True
    if options["what"] == "controls":
        return controls.run(max(1000, options["count"])), True
    for name in options["vs"]:
        peers.require(name)
    figures = jobs.run(options["count"], options["batch"], options["vs"])
    return figures, figures["lost"] == 0


def _pages(options: dict[str, Any]) -> tuple[Any, bool]:
    if options["projects"] < 1 or options["jobs"] < 1000:
        raise BadInput("--projects, --jobs: give a number from 1, and one from 1000")
    found = pages.run(options["projects"], options["jobs"], options["only"])
    return found, found["slower"] == 0


def _live(options: dict[str, Any]) -> tuple[Any, bool]:
    if options["sockets"] < 0 or options["rate"] < 0 or options["seconds"] < 1:
        raise BadInput("--sockets, --rate: give numbers from 0; --seconds: give a number from 1")
    if options["storm"] < 0:
        raise BadInput("--storm: give a number from 0")
    figures = live.run(options["sockets"], options["rate"], options["seconds"], options["storm"])
    return figures, figures["lost"] == 0


def _recovery(options: dict[str, Any]) -> tuple[Any, bool]:
    found = recovery.run(max(0, options["kills"]), max(0, options["idle_kills"]))
    return found, found["tree"]["lost"] == 0


_BY_ITSELF = {"live": _live, "pages": _pages, "recovery": _recovery}


def _lines(value: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, figure in value.items():
        if isinstance(figure, dict):
            yield from _lines(figure, f"{above}{name} ")
        else:
            yield f"{above}{name}", figure
