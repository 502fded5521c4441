"""The cards of the home page: how a project is, in one word, and how its last jobs ended."""

from django.db.models.functions import Now

from factory.templatetags import charts as tags
from jobs import last_runs, queue
from jobs.models import Job
from projects import board, standing, topics
from projects.models import Project, Repository
from tests.pages.conftest import World, browser_of, fail, hold, runner


def word(world: World) -> str:
    """This function will tell how the project is."""
    found = standing.with_health(Project.objects.filter(pk=world.project.pk))
    return str(found.values_list("health", flat=True).get())


def test_a_project_wants_attention_until_its_failures_are_read(world: World) -> None:
    before = word(world)

    world.job.acknowledge(by="user:1")

    assert (before, word(world)) == ("attention", "well")


def test_a_project_whose_map_is_old_wants_attention(world: World) -> None:
    world.job.acknowledge(by="user:1")
    Repository.objects.update(head_commit="f" * 40)

    assert word(world) == "attention"


def test_a_project_with_a_stuck_job_is_broken_and_no_other_is(world: World) -> None:
    Project.objects.create(name="Pier", slug="pier")
    hold(queue.enqueue("demo.noop", {}, scope=world.project.pk), runner("-1 second"))

    found = dict(standing.with_health(Project.objects.all()).values_list("slug", "health"))

    assert found == {"harbour": "broken", "pier": "well"}


def test_the_bars_are_the_jobs_that_ended_last_oldest_first(world: World) -> None:
    scope = world.project.pk
    later = [queue.enqueue("demo.noop", {}, scope=scope) for _ in range(3)]
    fail(later[1])
    Job.objects.filter(pk=later[0].pk).update(
        state="cancelled", finished_at=Now(), reason="not wanted"
    )
    queue.enqueue("demo.noop", {}, actor="user:1")

    found = last_runs.of_scopes([scope], 2)[scope]

    assert [(run.job, run.state) for run in found] == [
        (later[0].pk, "cancelled"),
        (later[1].pk, "failed"),
    ]


def test_bars_of_one_kind_are_one_outline_and_said_in_words() -> None:
    found = [last_runs.LastRun(1, "failed", 2.0), last_runs.LastRun(2, "failed", 4.0)]

    drawn = tags.last_runs(found)

    assert (drawn.count("<path"), drawn.count("Z")) == (1, 2)
    assert "2 failed; the longest took 4.0 s" in drawn
    assert tags.last_runs(found[:1]) != drawn


def test_the_page_of_a_project_leads_to_each_of_its_last_jobs(world: World) -> None:
    other = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    fail(other)

    page = browser_of(world.viewer).get("/projects/harbour/").content.decode()
    part = page[page.index('id="last-runs"') :].partition("</section>")[0]

    drawn, table = part.split("<table>")
    ways = [f'<a href="/jobs/{job.pk}/"' for job in (world.job, other)]
    assert drawn.index(ways[0]) < drawn.index(ways[1])
    assert table.index(ways[1]) < table.index(ways[0])
    assert drawn.count("<path") == table.count("<tr><td>") == 2


def test_a_project_without_ended_jobs_says_what_starts_one(world: World) -> None:
    Project.objects.create(name="Pier", slug="pier")

    page = browser_of(world.staff).get("/projects/pier/").content.decode()

    assert "None ended yet. A job starts when" in page


def test_a_card_shows_health_bars_and_the_commit_of_its_map(world: World) -> None:
    page = browser_of(world.viewer).get("/").content.decode()
    card = page[page.index('<article class="card project"') :]

    assert "</svg>attention</span>" in card
    assert "Last runs: 1 failed" in card
    assert "<code>0123456789</code>" in card


def test_the_relay_sees_when_a_failure_was_read(world: World) -> None:
    key = str(world.project.pk)
    before = topics.fingerprints([key])

    world.job.acknowledge(by="user:1")

    assert topics.fingerprints([key]) != before
    assert "</svg>well</span>" in topics.render([key])[key]


def test_cards_of_twenty_projects_cost_what_one_costs(
    world: World, django_assert_num_queries: object
) -> None:
    for number in range(20):
        Project.objects.create(name=f"Pier {number}", slug=f"pier-{number}")

    with django_assert_num_queries(5):  # type: ignore[operator]
        board.cards(Project.objects.filter(pk=world.project.pk))
    with django_assert_num_queries(5):  # type: ignore[operator]
        board.cards(Project.objects.all())


def test_some_projects_are_judged_as_all_of_them_are(world: World) -> None:
    pier = Project.objects.create(name="Pier", slug="pier")
    hold(queue.enqueue("demo.noop", {}, scope=pier.pk), runner("-1 second"))
    Project.objects.create(name="Quay", slug="quay")

    found = dict(standing.with_health(Project.objects.all()).values_list("pk", "health"))

    assert set(found.values()) == {"attention", "broken", "well"}
    assert standing.of(found) == found
    assert standing.of([pier.pk]) == {pier.pk: "broken"}
