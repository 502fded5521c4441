"""Starts the product and keeps it running."""

import os
import sys
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from factory import configuration, embedded, first_contact
from factory.supervisor import control, record
from factory.supervisor.loop import Supervisor
from factory.supervisor.record import AlreadyRunning
from factory.variables import Refused
from jobs.management.contract import OneLine


class Command(OneLine):
    """Starts every service that is not configured elsewhere, then web, qcluster, relay, watchdog."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This method will declare the options."""
        parser.add_argument("--port", help="the port of the web server, instead of PORT")
        parser.add_argument("--workers", help="runners in each pool, instead of FACTORY_WORKERS")
        parser.add_argument("--no-web", action="store_true", help="everything but the web server")
        parser.add_argument(
            "--no-workers", action="store_true", help="runs no jobs on this machine"
        )
        parser.add_argument("--detach", action="store_true", help="run in the background")

    def handle(self, **options: Any) -> None:
        """This command will run the supervisor until SIGTERM or Ctrl-C."""
        _apply(options["port"], options["workers"])
        values = configuration.load()
        try:
            with record.only_one():
                self._end_what_is_left()
                web = not options["no_web"]
                if web and (wrong := control.cannot_listen(values["FACTORY_BIND"], values["PORT"])):
                    raise Refused(wrong)
                if not options["detach"]:
                    self._run(web, not options["no_workers"])
                    return
        except AlreadyRunning as other:
            self.stderr.write(str(other))
            sys.exit(1)
        self._detach()

    def _end_what_is_left(self) -> None:
        left = record.read()
        if left and (ended := left.clean()):
            self.stderr.write(f"ended what was left of an earlier run: {', '.join(ended)}")

    def _run(self, web: bool, workers: bool) -> None:
        embedded.examine()
        embedded.ensure_running()
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        newcomer = first_contact.administrator()
        connection.close()
        Supervisor(web, workers, partial(self._greet, newcomer)).run()

    def _greet(self, newcomer: User | None, cannot: list[str]) -> None:
        url = configuration.load()["FACTORY_URL"]
        self.stdout.write(f"The factory is at {url}/ (Ctrl-C or manage.py stop ends it)")
        self._warn(cannot)
        if newcomer is None:
            first_contact.forget()
        else:
            self._introduce(first_contact.link(newcomer, url))
        self.stdout.flush()

    def _warn(self, cannot: list[str]) -> None:
        if cannot:
            self.stdout.write(f"Not ready yet: {', '.join(cannot)} (manage.py doctor says why)")

    def _introduce(self, link: str) -> None:
        if sys.stdout.isatty():
            self.stdout.write(f"Log in once as administrator, within 15 minutes:\n  {link}")
            return
        path = first_contact.keep(link)
        self.stdout.write(f"A link that logs the administrator in once, for 15 minutes: {path}")

    def _detach(self) -> None:
        log = configuration.home() / "up.log"
        if status := control.detach(log):
            lines = log.read_text(errors="replace").strip().splitlines()
            self.stderr.write(lines[-1] if lines else f"it did not start: see {log}")
            sys.exit(status)
        self.stdout.write(f"The factory is at {configuration.load()['FACTORY_URL']}/ (log: {log})")
        if found := record.read():
            self._warn(found.cannot)
        link = first_contact.file()
        if link.exists():
            self.stdout.write(f"A link that logs the administrator in once: {link}")


def _apply(port: str | None, workers: str | None) -> None:
    if port is not None:
        os.environ["PORT"] = port
    if workers is not None:
        pools = configuration.load()["FACTORY_WORKERS"]
        os.environ["FACTORY_WORKERS"] = ",".join(f"{pool}={workers}" for pool in pools)
    configuration.load.cache_clear()
