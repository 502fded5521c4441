"""Histories: equal to what git says, added to or counted anew, and never half shown as whole."""

import pickle
from collections import Counter
from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction

from jobs import queue
from jobs.states import State
from projects import recording, removal
from projects.git import complaints, log
from projects.mapping.history import people, tally
from projects.mapping.history import reading as reader
from projects.models import Coupling, FileChurn, History, HistoryAuthor, HistoryFile, Repository
from tests.projects.histories import (
    BEA,
    WATCH,
    busy,
    commit_by,
    content,
    read,
    reading_of,
    steps,
)
from tests.projects.origins import Origin

pytestmark = pytest.mark.django_db


def said_by_git(work):
    """This function will sum what git itself prints of the lines of each file."""
    sums = Counter()
    listed = work.git("log", "--numstat", "--no-merges", "--no-renames", "--format=", "-z", "HEAD")
    for line in filter(None, listed.replace("\n", "").split("\0")):
        added, deleted, path = line.split("\t")
        sums[path, "commits"] += 1
        sums[path, "added"] += 0 if added == "-" else int(added)
        sums[path, "deleted"] += 0 if deleted == "-" else int(deleted)
    return sums


def test_lines_and_commits_of_every_file_are_those_of_git(work, worked):
    busy(work)

    read(work, worked)

    expected = said_by_git(work)
    ours = Counter()
    for path, commits, added, deleted in FileChurn.objects.values_list(
        "file__path", "commits", "added", "deleted"
    ):
        ours += Counter({(path, "commits"): commits})
        ours[path, "added"] += added
        ours[path, "deleted"] += deleted
    assert +ours == +expected
    assert len({path for path, _ in ours}) == 7


@pytest.mark.parametrize("held", [1, 1 << 20], ids=["waits", "is held"])
def test_two_gits_beside_each_other_say_what_one_says(work, monkeypatch, held):
    monkeypatch.setattr("projects.git.door.HELD", held)
    busy(work)
    head, git_dir = work.git("rev-parse", "HEAD"), work.path / ".git"

    def told(first):
        found = []
        log.read(git_dir, log.Wanted(head, lines=True, first=first), WATCH, found.append)
        return found

    whole = told(0)
    assert len(whole) == 8
    for first in range(1, 10):
        assert told(first) == whole


def test_what_either_of_two_gits_complains_of_is_raised(work):
    commit_by(work, BEA, {"a.py": "x\n"})
    commit_by(work, BEA, {"a.py": "y\n"})
    damage(work, "HEAD~1:a.py")
    head, git_dir = work.git("rev-parse", "HEAD"), work.path / ".git"

    for first in (1, 2):
        wanted = log.Wanted(head, lines=True, first=first)
        with pytest.raises(complaints.GitFailed):
            log.read(git_dir, wanted, WATCH, [].append)


def test_authors_and_their_commits_are_those_of_shortlog(work, worked):
    busy(work)

    read(work, worked)

    said = work.git("shortlog", "-sne", "--no-merges", "HEAD").splitlines()
    expected = {line.split("\t")[1]: int(line.split("\t")[0]) for line in said}
    authors = HistoryAuthor.objects.values_list("name", "email", "commits")
    assert {f"{name} <{email}>": commits for name, email, commits in authors} == expected
    assert expected["Bea B <bea@example.org>"] == 1


def test_a_month_is_that_of_the_author_in_utc(work, worked):
    busy(work)

    read(work, worked)

    months = FileChurn.objects.filter(file__path="side.py").values_list("month", flat=True)
    assert [str(month) for month in months] == ["2025-02-01"]


def test_names_come_first_and_lines_complete_them(work, worked):
    busy(work)

    (_, first), (_, last) = steps(work, worked)

    assert (first.state, last.state) == ("names", "complete")
    assert first.commits == last.commits == 8
    assert sum(FileChurn.objects.values_list("added", flat=True)) > 0


def test_what_is_added_to_a_history_is_what_counting_anew_gives(work, worked):
    read(work, worked)
    busy(work)
    work.git("rm", "-q", "--cached", ".mailmap")
    (work.path / ".mailmap").unlink()
    commit_by(work, BEA, {"late.py": "1\n"}, at="2026-09-01T00:00:00Z")
    for number in range(6):
        work.commit({"a.py": f"{number}\n", "side.py": f"{number}\n"})
        *_, (last, _) = steps(work, worked)
        assert last.upon

    added = content(worked)
    read(work, worked, anew=True)

    assert content(worked) == added
    assert [pair[:3] for pair in added["pairs"]] == [("a.py", "side.py", 6)]


@pytest.mark.parametrize("change", ["force-push", "mailmap", "rules"])
def test_a_history_is_counted_anew_when_it_does_not_go_on(work, worked, change):
    commit_by(work, BEA, {"gone.py": "1\n"})
    read(work, worked)
    if change == "force-push":
        work.git("reset", "-q", "--hard", "HEAD~1")
        work.commit({"other.py": "1\n"})
    if change == "mailmap":
        work.commit({".mailmap": "Beatrice <bea@example.org>\n"})
    if change == "rules":
        History.objects.update(reader="0")
        work.commit({"other.py": "1\n"})

    (first, _), (_, last) = steps(work, worked)

    assert not first.upon
    assert last.state == "complete"
    paths = set(HistoryFile.objects.values_list("path", flat=True))
    assert ("gone.py" in paths) == (change != "force-push")
    assert HistoryAuthor.objects.filter(name="Beatrice").exists() == (change == "mailmap")


def damage(work, spec):
    """This function will take one object out of a repository."""
    name = work.git("rev-parse", spec)
    path = work.path / ".git" / "objects" / name[:2] / name[2:]
    path.chmod(0o644)
    path.unlink()


def test_a_history_whose_older_trees_are_missing_is_incomplete(work, worked):
    commit_by(work, BEA, {"a.py": "x\n"})
    commit_by(work, BEA, {"a.py": "y\n"})
    commit_by(work, BEA, {"a.py": "z\n"})
    damage(work, "HEAD~3^{tree}")

    (_, first), (_, last) = steps(work, worked)

    assert (first.state, last.state) == ("incomplete", "incomplete")
    assert last.missing
    assert "\n" not in last.missing
    assert last.commits == 1
    assert recording.known(worked) is None


def test_names_stand_where_lines_cannot_be_counted(work, worked):
    commit_by(work, BEA, {"a.py": "x\n"})
    damage(work, "HEAD~1:a.py")

    (_, first), (_, last) = steps(work, worked)

    assert (first.state, last.state) == ("names", "names")
    assert last.no_lines
    assert last.commits == first.commits == 2
    commit_by(work, BEA, {"a.py": "y\n"})
    [(added, after)] = steps(work, worked)
    assert added.upon
    assert (after.commits, after.no_lines) == (3, last.no_lines)


def test_time_that_runs_out_leaves_the_names(work, worked):
    limits = replace(WATCH, deadline_s=0)

    (_, first), (_, last) = steps(work, worked, lines=limits)

    assert first.state == last.state == "names"
    assert "took longer than 0 s" in last.no_lines


def test_a_shallow_clone_is_incomplete_and_its_oldest_commit_is_nobodys_work(
    work, worked, tmp_path
):
    commit_by(work, BEA, {"a.py": "x\n"})
    commit_by(work, BEA, {"a.py": "y\n"})
    shallow = Origin(tmp_path / "shallow")
    shallow.git("fetch", "-q", "--depth=2", f"file://{work.path}", "main")
    shallow.git("reset", "-q", "--hard", "FETCH_HEAD")

    last = read(shallow, worked)

    assert (last.state, last.missing, last.commits) == ("incomplete", reader.SHALLOW, 1)


def test_more_names_than_are_kept_leave_an_incomplete_history(work, worked, monkeypatch):
    commit_by(work, BEA, {"c.py": "x\n"})
    monkeypatch.setattr("projects.mapping.history.tally.MOST_NAMES", 2)

    last = read(work, worked)

    assert last.state == "incomplete"
    assert last.missing == "It names more than 2 files; the oldest commits are not counted."
    assert last.commits == 1


def test_new_commits_with_more_names_than_are_kept_leave_an_incomplete_history(
    work, worked, monkeypatch
):
    before = read(work, worked).commits
    commit_by(work, BEA, {f"{number}.py": "x\n" for number in range(3)})
    work.commit({"a.py": "y\n"})
    monkeypatch.setattr("projects.mapping.history.tally.MOST_NAMES", 2)

    *_, (last, shown) = steps(work, worked)

    assert (last.upon, shown.state, shown.commits) == (shown.commit, "incomplete", 1)
    assert shown.missing == "It names more than 2 files; the oldest commits are not counted."
    assert before == 1
    changed = HistoryFile.objects.filter(commits__gt=0)
    assert [file.path for file in changed] == ["a.py"]


def test_more_authors_than_are_kept_leave_an_incomplete_history(work, worked, monkeypatch):
    commit_by(work, BEA, {"c.py": "x\n"})
    monkeypatch.setattr("projects.mapping.history.tally.MOST_AUTHORS", 1)

    last = read(work, worked)

    assert last.missing == "It names more than 1 authors; the oldest commits are not counted."
    assert last.commits == 1


def test_names_that_are_too_long_to_be_shown_are_not_kept():
    counted = tally.Tally()

    for number in range(20):
        name, path = b"%d" % number + b"z" * 100_000, b"%d" % number + b"p" * 100_000
        counted.take(log.Commit("a" * 40, 0, name, name, [(path, 0, 0)]))

    assert counted.left_out == 20
    assert len(pickle.dumps(counted)) < 100_000


def test_names_that_look_like_gits_answer_are_names(work, worked):
    head = work.git("rev-parse", "HEAD")
    blob = work.blob(b"1\n")
    names = (
        b"caf\xe9.py",
        b"new\nline.py",
        b"\n",
        head.encode(),
        b"1\t1\tx",
        b"\x01" + head.encode(),
    )
    listing = b"".join(f"100644 blob {blob}\t".encode() + name + b"\0" for name in sorted(names))
    work.commit_tree(listing)

    last = read(work, worked)

    assert last.commits == 1
    assert HistoryFile.objects.count() == len(names)
    assert all(path.isprintable() for path in HistoryFile.objects.values_list("path", flat=True))
    assert HistoryFile.objects.filter(path=head).get().added == 1


def test_authors_with_odd_names_and_impossible_dates_are_kept(work, worked):
    tree = work.git("rev-parse", "HEAD^{tree}")
    raw = (
        f"tree {tree}\nauthor R\xe9n\x1b <> 99999999999999 +0000\n"
        "committer C <c@example.org> 1770000000 +0000\n\nodd\n"
    )
    made = work.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw.encode("latin-1"))
    work.git("update-ref", "HEAD", made)

    last = read(work, worked)

    assert last.commits == 1
    assert HistoryAuthor.objects.get().name.isprintable()
    assert FileChurn.objects.first().month.year in range(1970, 2200)


def test_bots_are_kept_apart_and_count_for_nobody(work, worked):
    busy(work)

    read(work, worked)

    assert list(HistoryAuthor.objects.filter(bot=True).values_list("name", flat=True)) == [
        "dependabot[bot]"
    ]
    file = HistoryFile.objects.get(path="requirements.txt")
    assert (file.commits, file.top_author, file.last) == (0, "", None)


@pytest.mark.parametrize(
    ("name", "email", "bot"),
    [
        ("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com", True),
        ("Renovate Bot", "bot@renovateapp.com", True),
        ("pre-commit-ci[bot]", "", True),
        ("GitHub Actions", "actions@github.com", True),
        ("Ana", "41898282+github-actions[bot]@users.noreply.github.com", True),
        ("Abbot", "abbot@example.org", False),
        ("Talbot", "j.talbot@example.org", False),
        ("Bot Sample", "bs@example.org", False),
    ],
)
def test_a_bot_is_known_by_its_name(name, email, bot):
    assert people.is_bot(name, email) is bot


def test_a_crowded_commit_couples_nothing(work, worked):
    for number in range(6):
        work.commit({f"f{at}.py": f"{number}\n" for at in range(25)})

    assert read(work, worked).coupled == 7
    assert not Coupling.objects.exists()


def test_memory_is_bounded_by_putting_rows_aside(work, worked, monkeypatch):
    busy(work)
    read(work, worked)
    whole = content(worked)
    monkeypatch.setattr("projects.mapping.history.reading.ASIDE", 1)

    read(work, worked, anew=True)

    assert content(worked) == whole


def test_a_history_that_changed_meanwhile_is_not_added_to(work, worked):
    read(work, worked)
    work.commit({"a.py": "x\n"})
    late = next(reading_of(work).read(recording.known(worked)))
    History.objects.update(commit="0" * 40)

    with pytest.raises(recording.Outdated), transaction.atomic():
        recording.publish(worked, late, None)

    assert FileChurn.objects.filter(file__path="a.py").count() == 1


def test_a_repository_with_a_job_for_its_history_is_removed_with_that_job(work, worked):
    read(work, worked)
    job = queue.enqueue(
        "projects.history",
        {"repository": worked.pk},
        scope=worked.project_id,
        limit_key=worked.history_key,
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        worked.delete()

    removal.remove([worked], by="command")

    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert not Repository.objects.exists()
    with connection.cursor() as cursor:  # no foreign key would say that rows are left
        cursor.execute("SELECT count(*) FROM file_churn")
        assert cursor.fetchone() == (0,)
