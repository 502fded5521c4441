"""Histories to ask about: repositories in which several people work."""

from dataclasses import replace

from django.db import transaction

from projects import recording
from projects.git import door, log, reading
from projects.mapping.history import reading as reader
from projects.models import Coupling, FileChurn, History, HistoryAuthor, HistoryFile

WATCH = door.Watch(limits=log.LOG_LIMITS)
BEA = {"GIT_AUTHOR_NAME": "Bea", "GIT_AUTHOR_EMAIL": "bea@example.org"}
BOT = {
    "GIT_AUTHOR_NAME": "dependabot[bot]",
    "GIT_AUTHOR_EMAIL": "1+dependabot[bot]@users.noreply.example.org",
}


def commit_by(origin, who, files, at="2026-03-10T12:00:00Z"):
    """This function will commit as somebody, at some time."""
    return origin.commit(files, **who, GIT_AUTHOR_DATE=at, GIT_COMMITTER_DATE=at)


def reading_of(origin):
    """This function will make the reader of the origin's newest commit."""
    git_dir = door.git_dir(origin.path)
    commit = reading.head(git_dir, WATCH)
    return reader.Reader(git_dir, commit, WATCH, WATCH, recording.Aside())


def steps(origin, repository, anew=False, **changed):
    """This function will read the origin's history as its job does, and publish each step."""
    one = replace(reading_of(origin), **changed)
    for read in one.read(None if anew else recording.known(repository)):
        with transaction.atomic():
            recording.publish(repository, read, None)
        yield read, History.objects.get(repository=repository)


def read(origin, repository, anew=False, **changed):
    """This function will read the origin's history to the end."""
    *_, (_, last) = steps(origin, repository, anew, **changed)
    return last


def busy(origin):
    """This function will make a history with renames, a merge, a mailmap, a bot and odd files."""
    commit_by(origin, BEA, {"a.py": "1\n2\nthree\n", "picture.png": b"\x89PNG\0"})
    origin.git("mv", "b.py", "moved.py")
    commit_by(origin, BEA | {"GIT_AUTHOR_EMAIL": "bea@home.example"}, {"moved.py": "1\nmore\n"})
    origin.git("checkout", "-q", "-b", "side", "HEAD~1")
    commit_by(origin, BEA, {"side.py": "x\n"}, at="2025-01-31T23:30:00-05:00")
    origin.git("checkout", "-q", "main")
    origin.git("merge", "-q", "--no-ff", "-m", "merged", "side")
    commit_by(origin, BOT, {"requirements.txt": "a==2\n", "a.py": "bot\n"})
    (origin.path / "a.py").chmod(0o755)
    origin.git("add", "a.py")
    origin.git("commit", "-q", "--allow-empty", "-m", "mode")
    origin.git("commit", "-q", "--allow-empty", "-m", "nothing")
    origin.commit({".mailmap": "Bea B <bea@example.org> <bea@home.example>\n"})


def content(worked):
    """This function will give all that is stored of a history, without ids and times."""
    files = HistoryFile.objects.filter(history__repository=worked)
    pairs = Coupling.objects.filter(history__repository=worked)
    return {
        "history": History.objects.filter(repository=worked).values_list(
            "commit", "until", "commits", "with_lines", "missing", "no_lines", "coupled"
        )[0],
        "files": sorted(
            files.values_list(
                "path",
                "commits",
                "recent",
                "before",
                "authors",
                "top_author",
                "top_commits",
                "added",
                "deleted",
                "first",
                "last",
            )
        ),
        "authors": sorted(
            HistoryAuthor.objects.filter(history__repository=worked).values_list(
                "name", "email", "bot", "commits"
            )
        ),
        "churn": sorted(
            FileChurn.objects.filter(file__in=files).values_list(
                "file__path",
                "author__name",
                "author__email",
                "month",
                "commits",
                "added",
                "deleted",
            )
        ),
        "pairs": sorted(
            pairs.values_list("one__path", "other__path", "together", "of_one", "of_other")
        ),
    }
