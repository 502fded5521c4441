"""What pages ask of histories: hotspots, owners, stories of files, figures of health."""

import pytest
from django.db import transaction

from projects import health, history, maps
from projects.git import door, reading
from projects.mapping import build, extraction
from tests.projects.histories import BEA, BOT, WATCH, busy, commit_by, read

pytestmark = pytest.mark.django_db


def published(work, worked):
    """This function will map the work and read its history."""
    git_dir = door.git_dir(work.path)
    made = build.build(git_dir, reading.head(git_dir, WATCH), extraction.Tools(), maps.FactsCache())
    worked.record_sync(made.commit)
    with transaction.atomic():
        return maps.publish(worked, made, None), read(work, worked)


def test_hotspots_are_ranked_by_changes_and_lines_and_leave_vendored_files_out(work, worked):
    for number in range(3):
        work.commit(
            {
                "big.py": "x\n" * (100 + number),
                "small.py": f"{number}\n",
                "vendor/lib.py": "y\n" * (900 + number),
            }
        )
    work.commit({"tests/test_big.py": "x\n" * 5000})
    shown, known = published(work, worked)

    found = history.hotspots(shown, known, kind="code", recent=False, under="", number=1)

    assert [(row.path, row.commits, row.score) for row in found.rows[:2]] == [
        ("big.py", 3, 306),
        ("a.py", 1, 3),
    ]
    assert {row.path for row in found.rows} == {"a.py", "b.py", "big.py", "small.py"}
    assert found.total == 4
    recent = history.hotspots(shown, known, kind="tests", recent=True, under="tests/", number=1)
    assert [row.path for row in recent.rows] == ["tests/test_big.py"]


def test_owners_are_ranked_by_their_share_and_bus_factor_is_the_fewest_of_more_than_half(
    work, worked
):
    for number in range(5):
        commit_by(work, BEA, {"core/a.py": f"{number}\n"})
    work.commit({"core/a.py": "ana\n", "core/b.py": "ana\n"})
    commit_by(work, BOT, {"core/a.py": "bot\n"})
    shown, known = published(work, worked)

    whole = history.owners(shown, known)[0]

    assert (whole.changes, whole.bus_factor) == (9, 1)
    assert [(one.name, one.changes, round(one.share, 2)) for one in whole.people] == [
        ("Bea", 5, 0.56),
        ("Ana", 4, 0.44),
    ]


@pytest.mark.parametrize(
    ("changes", "factor"), [([], 0), ([5], 1), ([5, 5], 2), ([6, 5], 1), ([3, 3, 3], 2)]
)
def test_the_bus_factor_is_the_fewest_people_with_more_than_half(changes, factor):
    assert history.bus_factor(changes) == factor


def test_the_story_of_a_file_tells_people_and_months_and_what_changes_with_it(work, worked):
    for number in range(5):
        commit_by(work, BEA, {"a.py": f"{number}\n", "b.py": f"{number}\n"})
    known = read(work, worked)

    story = history.of_file(known, "a.py")

    assert [(one.name, one.changes) for one in story.people] == [("Bea", 5), ("Ana", 1)]
    assert [(pair.one.path, pair.other.path, pair.together) for pair in story.coupled] == [
        ("a.py", "b.py", 6)
    ]
    assert len(story.months) == history.MONTHS
    assert sum(changes for _, changes in story.months) >= 5
    assert history.of_file(known, "none.py") is None


def test_health_is_numbers_alone(work, worked):
    busy(work)
    shown, known = published(work, worked)

    found = {one.name: one.value for one in health.of(shown, known)}

    assert (found["commits"], found["commits_by_machines"], found["machines"]) == (8, 1, 1)
    assert found["bus_factor"] in (1, 2)
    assert found["files"] == shown.counts["files"]
    assert all(isinstance(value, int | float) for value in found.values())
    assert "commits" not in {one.name for one in health.of(shown, None)}


@pytest.mark.parametrize(
    ("commits", "recent", "before", "word"),
    [
        (1, 1, 0, "changed once"),
        (1, 0, 0, "changed once"),
        (4, 4, 0, "new"),
        (9, 5, 2, "rising"),
        (9, 2, 5, "falling"),
        (9, 3, 3, "steady"),
    ],
)
def test_a_trend_is_told_of_what_has_a_past_alone(commits, recent, before, word):
    found = history.Hotspot(
        id=1, path="a.py", lines=1, commits=commits, recent=recent, before=before, authors=1,
        top_author="ana", top_commits=1, last=None, score=1, of=1,
    )  # fmt: skip

    assert found.trend == word
