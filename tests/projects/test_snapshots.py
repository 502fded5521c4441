"""A page, an answer or a command shows one map, also when the next is published meanwhile."""

import io
import re
from functools import partial
from threading import Thread

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from projects import maps
from projects.git import door
from projects.map_views import frame
from projects.mapping import build, extraction
from tests.projects import histories, mapped

TOOLS = extraction.Tools()
ASKED = {
    "map-components": {"src": "shop", "dst": "."},
    "map-file": {"path": "shop/models.py"},
    "map-impact": {"path": "shop/models.py"},
    "map-search": {"q": "models"},
}
COMMANDS = {"impact": {"path": "shop/models.py"}, "symbols": {"q": "models"}}
QUESTIONS = {**COMMANDS, "owners": {}, "health": {}}
_CHANGING = re.compile(
    r'data-v="\d+"|data-now="[\d.]+"|nonce="[^"]+"|value="\w{64}"|\d\d:\d\d:\d\d'
)


class Publishing:
    """Publishes the other of two maps in the middle of what reads the current one."""

    def __init__(self, repository, current, other):
        self.repository, self.current, self.other = repository, current, other
        self.waits = False

    def __call__(self, execute, sql, *rest):
        """This method will publish after the statement that finds out which map is current."""
        found = execute(sql, *rest)
        reads = sql.startswith("SELECT") and '"current_map_id"' in sql
        if self.waits and reads and connection.in_atomic_block:
            self.waits = False
            thread = Thread(target=self.publish)
            thread.start()
            thread.join()
        return found

    def publish(self):
        """This method will make the other map the current one, on a connection of its own."""
        with transaction.atomic():
            maps.publish(self.repository, self.other, None)
        self.current, self.other = self.other, self.current
        connection.close()

    def disturb(self, ask):
        """This method will ask twice, the second time in between; both must be answered alike."""
        quiet = _CHANGING.sub("", ask())
        self.waits = True
        with connection.execute_wrapper(self):
            disturbed = _CHANGING.sub("", ask())
        assert not self.waits, "nothing was published"
        assert disturbed == quiet
        assert _CHANGING.sub("", ask()) != quiet, "both maps look alike"


@pytest.fixture
def publishing(origin, transactional_db):
    """This fixture will be a repository with a history, and two maps that differ everywhere."""
    repository = mapped.registered(origin)
    git_dir = door.git_dir(origin.path)
    made = []
    for files in (
        {"lib.py": "from shop import views\n", "shop/views.py": "import lib\n"},
        {
            "lib.py": None,
            "shop/views.py": "from shop import models_too, models\n" * 9,
            "shop/models_too.py": "from shop import views\n",
        },
    ):
        commit = origin.commit(files)
        made.append(build.build(git_dir, commit, TOOLS, maps.FactsCache()))
    repository.record_sync(commit)
    histories.read(origin, repository)
    publishing = Publishing(repository, made[1], made[0])
    publishing.publish()
    return publishing


def test_pages_show_rows_of_the_map_they_name(publishing):
    client = Client()
    client.force_login(User.objects.create_superuser("ana"))
    where = [publishing.repository.project.slug, publishing.repository.pk]

    for name in [*(name for name, _ in frame.PAGES), "map-file"]:
        address, asked = reverse(f"projects:{name}", args=where), ASKED.get(name)
        publishing.disturb(partial(got, client, address, asked))


def test_the_api_and_commands_tell_of_the_map_they_name(publishing):
    client = Client()
    client.force_login(User.objects.create_superuser("ana"))
    known = str(publishing.repository.pk)

    for name, asked in QUESTIONS.items():
        address = f"/api/repositories/{known}/{name}"
        publishing.disturb(partial(got, client, address, asked))
    for name, asked in COMMANDS.items():
        publishing.disturb(partial(said, name, known, *asked.values()))


def got(client, address, asked):
    """This function will open an address."""
    return client.get(address, asked).content.decode()


def said(*words):
    """This function will run a command and give what it prints."""
    out = io.StringIO()
    call_command(*words, "--json", stdout=out)
    return out.getvalue()
