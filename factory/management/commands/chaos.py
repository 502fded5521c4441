"""Strikes an installation of its own, and says what it kept."""

import argparse
import json
import random
import sys
from argparse import ArgumentParser
from typing import Any

from factory.chaos import course, place, plan
from factory.chaos.faults import FAULTS
from jobs.management.contract import BadInput, Contract, refused

_PER_SECOND = 40
_LONGEST_S = 86_400


class Command(Contract):
    """Starts its own installation, strikes it by a seeded plan, heals it, checks every invariant."""

    help = __doc__

    def declare(self, parser: ArgumentParser) -> None:
        """This method will declare the seed, the size and the faults."""
        parser.add_argument("--seed", type=int, help="the same seed is the same plan")
        parser.add_argument("--jobs", type=int, help=f"about how many; else {_PER_SECOND} a second")
        parser.add_argument("--for", type=float, default=60.0, dest="seconds", metavar="SECONDS")
        parser.add_argument(
            "--fault", action="append", choices=FAULTS, metavar="F", help=", ".join(FAULTS)
        )
        parser.add_argument("--soak", action="store_true", help="no faults; are sizes flat?")
        parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)

    def answer(self, options: dict[str, Any]) -> tuple[Any, bool]:
        """This method will run one course; the answer is no when anything was not kept."""
        seconds, jobs = options["seconds"], options["jobs"]
        if not 1 <= seconds <= _LONGEST_S:
            raise BadInput(f"--for {seconds:g}: give 1 to {_LONGEST_S} seconds")
        jobs = round(seconds * _PER_SECOND) if jobs is None else jobs
        if options["soak"] and options["fault"]:
            raise BadInput("--soak: it has no faults; leave out --fault")
        if jobs < 1:
            raise BadInput(f"--jobs {jobs}: give a number from 1")
        seed = (
            random.SystemRandom().randrange(10**6) if options["seed"] is None else options["seed"]
        )
        if options["here"]:
            faults = [] if options["soak"] else options["fault"] or list(FAULTS)
            made = plan.make(seed, jobs, seconds, faults)
            verdict = course.run(made, self._say, soak=options["soak"])
            return verdict, course.holds(verdict)
        words = [f"--fault={name}" for name in options["fault"] or []]
        words += ["--soak"] if options["soak"] else []
        return self._elsewhere(seed, jobs, seconds, words)

    def _elsewhere(self, seed: int, jobs: int, seconds: float, more: list[str]) -> tuple[Any, bool]:
        self._say(f"seed {seed}")
        words = [f"--seed={seed}", f"--jobs={jobs}", f"--for={seconds}", "--json", *more]
        status, document, left = place.course(words, None)
        if left is not None:
            self._say(f"what it left: {left}")
        if not document:
            refused(f"chaos: seed {seed} came to no verdict (status {status}); see {left}/up.log")
        return json.loads(document), status == 0

    def _say(self, text: str) -> None:
        self.stderr.write(text)
        sys.stderr.flush()

    def show(self, value: Any) -> None:
        """This method will print the verdict, one line an invariant."""
        for name, said in value["invariants"].items():
            self.stdout.write(f"{name:<36} {said}")
        for name, each in value.get("soak", {}).get("series", {}).items():
            self.stdout.write(f"{name:<36} {each}")
        for name in ("seed", "jobs", "faults", "effects", "recovery_s", "lost", "phantom"):
            self.stdout.write(f"{name:<36} {value[name]}")
