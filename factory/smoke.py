"""The main path on the running product: register, map, see it live, remove."""

import json
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from factory import first_contact, health
from jobs.failures import Anticipated
from jobs.models import Job
from jobs.states import FINISHED
from projects import registration, removal
from projects.git import sample
from projects.models import Membership, Project, Repository, Role

PATIENCE_S = 60.0
FOLDER = "smoke"
"""Below FACTORY_HOME; settings let repositories of this folder be registered."""
_FILES = {
    "shop/__init__.py": "",
    "shop/basket.py": "from shop import prices\n\n\ndef total(items):\n    return prices.of(items)\n",
    "shop/prices.py": "def of(items):\n    return len(items)\n",
    "README.md": "# Shop\n",
}


class Failed(Exception):
    """A step did not end as it should; the text says what was seen."""


class Walk:
    """One walk along the main path; whatever happens, `remove` takes everything away again."""

    def __init__(self) -> None:
        self.name = f"smoke-{secrets.token_hex(4)}"
        self.origin = Path(settings.FACTORY_HOME).resolve() / FOLDER / self.name
        self.repository: Repository | None = None

    def ready(self) -> str:
        """This step will ask whether every part can work."""
        wrong = [f"{part.name}: {part.trouble}" for part in health.parts() if part.trouble]
        if wrong:
            raise Failed("; ".join(wrong))
        return "every part can work"

    def register(self) -> str:
        """This step will register a repository made for it."""
        sample.make(self.origin, _FILES)
        found = registration.register(
            [str(self.origin)], project=self.name, branch="", token="", actor="command:smoke"
        )
        self.repository = found[0].repository
        return f"repository {self.repository.pk}, job {found[0].job.pk}"

    def map(self) -> str:
        """This step will wait for the map and compare its one edge with the truth."""
        repository = self._registered()
        self._until(lambda: self._jobs_ended(), "its jobs did not end")
        repository.refresh_from_db()
        shown = repository.current_map
        if shown is None:
            raise Failed(repository.failure_message or "there is no map")
        edges = sorted(
            (edge.src.path, edge.dst.path, edge.lines) for edge in repository.edges.all()
        )
        if edges != [("shop/basket.py", "shop/prices.py", [1])]:
            raise Failed(f"the map shows {edges}")
        return f"{shown.counts['files']} files, {len(edges)} edge, commit {shown.commit[:12]}"

    def live(self) -> str:
        """This step will watch the project through a socket, as a member would."""
        project = self._registered().project
        user = User.objects.create_user(self.name)
        Membership.objects.create(project=project, user=user, role=Role.VIEWER)
        topic = f"project:{project.pk}"
        address = f"{settings.FACTORY_URL.replace('http', 'ws', 1)}/ws/live"
        cookie = f"{settings.SESSION_COOKIE_NAME}={first_contact.session(user)}"
        try:
            with connect(
                address, origin=settings.FACTORY_URL, additional_headers={"Cookie": cookie}
            ) as socket:
                socket.send(json.dumps({"watch": {topic: 0}}))
                frame = self._frame(socket, topic)
        except (OSError, WebSocketException) as error:
            raise Failed(f"nothing live at {address}: {error}") from error
        if "ready" not in frame["html"]:
            raise Failed("the card does not say ready")
        return f"{topic} says ready, {len(frame['html'])} characters"

    def remove(self) -> str:
        """This step will take away all that the walk made but its events, which are never deleted."""
        shutil.rmtree(self.origin, ignore_errors=True)
        User.objects.filter(username=self.name).delete()
        for project in Project.objects.filter(name=self.name):
            scope = project.pk  # a deleted project has none, and None means the jobs of staff
            try:
                removal.remove([project], by="command:smoke")
            except removal.Held as error:
                raise Failed(str(error)) from error
            Job.objects.filter(scope=scope, state__in=FINISHED).delete()
        return "only its events stay"

    def _registered(self) -> Repository:
        if self.repository is None:
            raise Failed("nothing was registered")
        return self.repository

    def _jobs_ended(self) -> bool:
        jobs = Job.objects.filter(scope=self._registered().project_id)
        return not jobs.live().exists()

    def _until(self, true: Callable[[], bool], otherwise: str) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not true():
            if time.monotonic() > give_up:
                raise Failed(f"{otherwise} within {PATIENCE_S:g} s")
            time.sleep(0.05)

    def _frame(self, socket: Any, topic: str) -> dict[str, Any]:
        give_up = time.monotonic() + PATIENCE_S
        while (left := give_up - time.monotonic()) > 0:
            frame: dict[str, Any] = json.loads(socket.recv(timeout=left))
            if frame.get("topic") == topic:
                return frame
        raise Failed(f"no frame of {topic} arrived")


def walk() -> list[dict[str, Any]]:
    """This function will take the steps in order, stop at the first that fails, and clean up."""
    path = Walk()
    steps: list[dict[str, Any]] = []
    for step in (path.ready, path.register, path.map, path.live):
        steps.append(_take(step))
        if not steps[-1]["ok"]:
            break
    return [*steps, _take(path.remove)]


def _take(step: Callable[[], str]) -> dict[str, Any]:
    began = time.monotonic()
    try:
        ok, detail = True, step()
    except (Failed, Anticipated, TimeoutError) as error:
        ok, detail = False, str(error)
    seconds = round(time.monotonic() - began, 2)
    return {"name": step.__name__, "ok": ok, "seconds": seconds, "detail": detail}
