"""Histories beside git's own sums: of this repository, a whole clone, and of ORACLE_TREES."""

import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from django.db import transaction

from projects import recording
from projects.git import door, log, reading
from projects.mapping.history.reading import Reader
from projects.models import FileChurn, HistoryAuthor, Project, Repository
from tests import services
from tests.projects.histories import content

pytestmark = pytest.mark.django_db
WATCH = door.Watch(3600, 600, log.LOG_LIMITS)
TREES = [services.ROOT, *map(Path, os.environ.get("ORACLE_TREES", "").split())]
STEPS = 60


def git(tree: Path, *arguments: str) -> str:
    """This function will give what git says of the newest commit of a tree."""
    own = ["git", "-C", str(tree), "-c", "mailmap.blob=HEAD:.mailmap", *arguments]
    return subprocess.run(own, check=True, capture_output=True).stdout.decode(errors="replace")


def grown(tree: Path, name: str, commits: list[str]) -> Repository:
    """This function will read a history up to each of some commits, one after the other."""
    project, _ = Project.objects.get_or_create(name="Harbour", slug="harbour")
    repository = Repository.objects.create(project=project, address=f"/{name}", name=name)
    for commit in commits:
        reader = Reader(door.git_dir(tree), commit, WATCH, WATCH, recording.Aside())
        for read in reader.read(recording.known(repository)):
            with transaction.atomic():
                recording.publish(repository, read, None)
    return repository


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_a_history_is_equal_to_gits_sums_whether_read_at_once_or_grown(tree):
    head = reading.head(door.git_dir(tree), WATCH)
    line = git(tree, "rev-list", "--first-parent", f"--max-count={STEPS}", "HEAD").split()[::-1]

    whole = grown(tree, "whole", [head])

    authors = HistoryAuthor.objects.values_list("name", "email", "commits")
    said = git(tree, "shortlog", "-sne", "--no-merges", "HEAD").splitlines()
    assert {f"{name} <{email}>": commits for name, email, commits in authors} == {
        who: int(commits) for commits, who in (line.split("\t") for line in said)
    }
    assert _ours() == _gits(tree)
    assert content(grown(tree, "grown", line)) == content(whole)


def _ours() -> Counter[str]:
    sums: Counter[str] = Counter()
    rows = FileChurn.objects.values_list("file__path", "commits", "added", "deleted")
    for path, commits, added, deleted in rows.iterator():
        sums[f"{path} commits"] += commits
        sums[f"{path} lines"] += added + deleted
    return +sums


def _gits(tree: Path) -> Counter[str]:
    sums: Counter[str] = Counter()
    told = git(tree, "log", "-z", "--numstat", "--no-merges", "--no-renames", "--format=", "HEAD")
    for row in filter(None, told.replace("\n", "").split("\0")):
        added, deleted, path = row.split("\t")
        sums[f"{path} commits"] += 1
        sums[f"{path} lines"] += sum(int(each) for each in (added, deleted) if each != "-")
    return +sums
