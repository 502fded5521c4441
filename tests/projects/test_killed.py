"""kill -9 of a runner in every phase of a map and of a history: tried again, never half shown."""

from contextlib import closing

import psycopg2
import pytest

from jobs import process, queue, upkeep
from jobs.models import Event, Runner
from projects.models import (
    Edge,
    FileChurn,
    History,
    HistoryState,
    MapNode,
    MapStatus,
    Repository,
    SystemMap,
)
from tests.jobs.conftest import committed
from tests.projects import histories, mapped
from tests.projects.dying import Moment, left_in, lives
from tests.projects.origins import until

__all__ = ["committed"]

STATEMENT = "django.db.backends.utils.CursorWrapper.execute"
FINDING = "projects.git.reading.has"
MAPPING = {
    "listing": Moment("call", "projects.git.reading.tree.<locals>.take"),
    "reading": Moment("return", "projects.mapping.extraction.Lane._answer", 2),
    "keeping facts": Moment("return", STATEMENT, after="projects.maps.FactsCache.save"),
    "resolving": Moment("call", "projects.mapping.resolving.resolve"),
    "describing": Moment("return", "projects.mapping.structure.describe"),
    "its end written": Moment("call", "projects.maps.publish"),
    "some rows written": Moment("return", STATEMENT, 6, after="projects.maps.publish"),
    "before the commit": Moment("return", "jobs.events.publish"),
    "after the commit": Moment("return", "projects.tasks.map_repository"),
}
_HEARS = "projects.git.door._drain"
_READER = "projects.mapping.history.reading.Reader"
_COMPLETES = "projects.tasks._complete_history"
HISTORY = {
    "finding the clone": Moment("return", FINDING),
    "reading names": Moment("call", _HEARS, after=f"{_READER}._all_names"),
    "names half written": Moment("return", STATEMENT, 7, after="projects.recording.publish"),
    "before the names' commit": Moment("return", "jobs.context.Run.checkpoint"),
    "after the names' commit": Moment("call", f"{_READER}._all_lines"),
    "reading lines": Moment("call", _HEARS, after=f"{_READER}._all_lines"),
    "lines half written": Moment("return", STATEMENT, 9, after=_COMPLETES),
    "before the lines' commit": Moment("return", "jobs.events.publish"),
    "after the commit": Moment("return", "projects.tasks.read_history"),
}
FURTHER = {
    "reading what is new": Moment("call", _HEARS, after=f"{_READER}._since"),
    "some of it added": Moment("return", STATEMENT, 9, after=_COMPLETES),
    "after the commit": Moment("return", "projects.tasks.read_history"),
}
WITH_HELPERS = {"listing", "reading", "reading names", "reading lines", "reading what is new"}
OVER = "after the commit"


@pytest.fixture
def shop(origin, committed):
    """This fixture will lend a mapped repository whose origin went on, on rows that are committed."""
    found = mapped.registered(origin)
    found.record_sync(origin.commit({"shop/new.py": "import shop.models\n", "shop/c.py": "x = 1"}))
    found.refresh_from_db()
    return found


@pytest.fixture
def runners(shop, committed, settings, tmp_path):
    """This fixture will lend runners whose temporary files go where we look."""
    (tmp_path / "temporary").mkdir()
    environment = committed.environment | {
        "FACTORY_HOME": str(settings.FACTORY_HOME),
        "FACTORY_LOCAL_REPOS": str(tmp_path),
        "TMPDIR": str(tmp_path / "temporary"),
    }
    with lives(environment) as found:
        yield found
    assert left_in(tmp_path / "temporary") == []
    assert left_in(settings.FACTORY_HOME / "run") == []


def ordered(kind, shop, moments):
    """This function will enqueue a job that may be tried as often as it is killed."""
    return queue.enqueue(kind, {"repository": shop.pk}, limit_key=shop.limit_key,
                         scope=shop.project_id, max_attempts=len(moments))  # fmt: skip


def settled(database):
    """This function will do what every host does all the time, until all runners are known dead."""
    with closing(psycopg2.connect(database.url)) as raw:
        raw.autocommit = True
        until(lambda: upkeep.tick(raw) and not Runner.objects.present().exists())


def killed(runners, database, job, moments):
    """This function will kill one runner after the other, and name each moment once it is settled."""
    for number, (what, moment) in enumerate(moments.items(), 1):
        helpers = runners.die(moment)
        assert bool(helpers) >= (what in WITH_HELPERS), what
        settled(database)
        job.refresh_from_db()
        assert [pid for pid in helpers if process.started_ticks(pid)] == [], what
        assert (job.state, job.attempt) == ("succeeded" if what == OVER else "queued", number)
        yield what


def shown(shop):
    """This function will tell what the board says of a repository, and the rows it has of its map."""
    now = Repository.objects.with_map_status().get(pk=shop.pk)
    assert SystemMap.objects.filter(repository=shop).count() <= 2
    return now.map_status, now.current_map.commit, MapNode.objects.count(), Edge.objects.count()


def test_a_map_whose_runner_is_killed_is_whole_or_the_one_before(shop, runners, committed):
    before = shop.current_map
    _, _, *rows = shown(shop)
    job = ordered("projects.map", shop, MAPPING)

    for what in killed(runners, committed, job, MAPPING):
        if what != OVER:
            assert shown(shop) == (MapStatus.QUEUED, before.commit, *rows), what
            assert SystemMap.objects.count() == 1, what
            assert Event.objects.filter(name="map.completed").count() == 0, what

    made = SystemMap.objects.exclude(pk=before.pk).get()
    assert shown(shop) == (MapStatus.READY, shop.head_commit, 8, made.counts["edges"])
    assert made.counts["skipped"] == {"binary": 1, "no extractor": 1}
    assert Event.objects.filter(name="map.completed").count() == 1


def churn(shop):
    """This function will give what is known of each file, and of how many commits."""
    found = FileChurn.objects.values_list(
        "file__path", "author__name", "commits", "added", "deleted"
    )
    history = History.objects.filter(repository=shop).first()
    state = history and (history.state, history.commit, history.commits)
    return state, sorted(found)


def anew(shop, origin):
    """This function will give the same as it is when it is read in one go."""
    histories.read(origin, shop, anew=True)
    return churn(shop)


def test_a_history_whose_runner_is_killed_is_of_names_then_of_lines_then_goes_on(
    shop, runners, committed, origin
):
    job = ordered("projects.history", shop, HISTORY)
    seen = {what: churn(shop) for what in killed(runners, committed, job, HISTORY)}

    told = [state and state[0] for state, _ in seen.values()]
    assert told == [None] * 4 + [HistoryState.NAMES] * 4 + [HistoryState.COMPLETE]
    assert seen["lines half written"] == seen["after the names' commit"]
    assert Event.objects.filter(name="history.completed").count() == 1

    shop.record_sync(origin.commit({"shop/c.py": "x = 2\n", "shop/d.py": "import shop.c\n"}))
    job = ordered("projects.history", shop, FURTHER)
    *lost, last = [churn(shop) for _ in killed(runners, committed, job, FURTHER)]

    assert lost == [seen[OVER]] * 2
    assert last == anew(shop, origin)
    assert last[0][2] == 3
