"""What the pages say, and that they say it in all states."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from factory import snapshot
from factory.sockets import MOST_TOPICS
from jobs import board, queue
from jobs.models import Event, Job, LogChunk, Progress, Queue
from jobs.states import State
from projects import board as projects_board
from projects import portfolio, topics
from projects.models import Project, Stage
from tests.pages.conftest import World, browser_of, fail, hold, mapped, runner

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202egnp.exe"


def text_of(client: Client, address: str) -> str:
    """This function will open a page and give it as text."""
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def listed_by_the_admin(client: Client, word: str) -> list[Job]:
    """This function will give the jobs that the admin's filter keeps for a word."""
    return list(client.get(f"/admin/jobs/job/?state={word}").context["cl"].result_list)


def queries(client: Client, address: str) -> int:
    """This function will count the queries of one page, but for what is read twice a minute."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        text_of(client, address)
    return sum("job_verification" not in one["sql"] for one in captured)


def test_a_new_installation_says_what_to_do_first(db: None, admin_client: Client) -> None:
    home = text_of(admin_client, "/")

    assert "No project yet" in home
    assert 'name="addresses"' in home


def test_the_home_page_shows_a_project_with_its_map(world: World, as_staff: Client) -> None:
    home = text_of(as_staff, "/")

    assert "Harbour" in home
    assert "0123456789" in home
    assert f"/projects/harbour/repositories/{world.repository.pk}/map/" in home


def test_the_list_of_jobs_costs_the_same_at_1_and_at_1000(world: World, as_staff: Client) -> None:
    text_of(as_staff, "/jobs/")  # what is looked up once per process is looked up now
    at_one = queries(as_staff, "/jobs/")
    queue.enqueue_many("demo.noop", [{}] * 1000, scope=world.project.pk)

    assert queries(as_staff, "/jobs/") == at_one


def test_the_admins_list_of_jobs_costs_the_same_at_1_and_at_1000(
    world: World, as_staff: Client
) -> None:
    text_of(as_staff, "/admin/jobs/job/")
    at_one = queries(as_staff, "/admin/jobs/job/")
    queue.enqueue_many("demo.noop", [{}] * 1000, scope=world.project.pk)

    assert queries(as_staff, "/admin/jobs/job/") == at_one


def test_the_home_page_costs_the_same_at_1_and_at_20_projects(
    world: World, as_staff: Client
) -> None:
    text_of(as_staff, "/")
    snapshot.forget()
    at_one = queries(as_staff, "/")
    for number in range(20):
        mapped(Project.objects.create(name=f"P{number}", slug=f"p{number}"))
    snapshot.forget()

    assert queries(as_staff, "/") == at_one


def test_the_home_page_of_somebody_without_a_project_tells_of_jobs(world: World) -> None:
    snapshot.forget()
    Project.objects.update(archived_at=Now())
    queue.enqueue_many("demo.noop", [{}] * 2)

    page = text_of(browser_of(world.staff), "/")

    assert '<a href="/jobs/?state=queued">2 queued</a>' in page
    assert "Failed and read by nobody" in page


def test_a_flood_of_waiting_jobs_does_not_hide_what_runs_in_another_project(world: World) -> None:
    quiet = Project.objects.create(name="Quiet", slug="quiet")
    queue.enqueue_many("demo.noop", [{}] * 300, scope=world.project.pk)
    waiting, running = queue.enqueue_many("demo.noop", [{}] * 2, scope=quiet.pk)
    hold(Job.objects.get(pk=running), runner())

    with CaptureQueriesContext(connection) as asked:
        found = board.of_scopes([world.project.pk, quiet.pk])

    assert [job.pk for job in found[quiet.pk]] == [running, waiting]
    assert len(found[world.project.pk]) == 4
    assert len(asked) == 1


def test_a_flood_does_not_hide_what_runs_in_its_own_project(world: World) -> None:
    made = queue.enqueue_many("demo.noop", [{}] * 300, scope=world.project.pk)
    hold(Job.objects.get(pk=made[-1]), runner())

    found = board.of_scopes([world.project.pk])[world.project.pk]

    assert [job.pk for job in found] == [made[-1], *made[:3]]


def test_pages_of_jobs_join_without_a_gap(world: World, as_staff: Client) -> None:
    made = queue.enqueue_many("demo.noop", [{}] * 120, scope=world.project.pk)
    seen: list[int] = []
    address = "/jobs/?kind=demo.noop"
    while address:
        page = text_of(as_staff, address)
        seen += [int(pk) for pk in re.findall(r'<tr id="job-(\d+)"', page)]
        older = re.search(r'href="(\?[^"]*below=\d+)"', page)
        address = "/jobs/" + older[1].replace("&amp;", "&") if older else ""

    assert seen == sorted(made, reverse=True)


@pytest.mark.parametrize("word", board.WORDS)
def test_every_word_has_a_template_a_filter_and_a_place_in_the_legend(
    word: str, world: World, as_staff: Client
) -> None:
    job = board.shown(Job.objects.filter(pk=world.job.pk)).get()
    job.shown = word  # type: ignore[attr-defined]
    from django.template.loader import render_to_string

    assert f"mark-{word}" in render_to_string("jobs/_row.html", {"job": job})
    assert f'href="?state={word}"' in text_of(as_staff, f"/jobs/?state={word}")
    assert f"mark-{word}" in text_of(as_staff, "/legend/")


def test_a_running_job_shows_how_far_it_is(world: World, as_staff: Client) -> None:
    job = queue.enqueue("demo.steps", {}, scope=world.project.pk)
    hold(job, runner())
    Progress.objects.create(job=job, fence=1, current=37, total=120, item="web-ui")

    page = text_of(as_staff, f"/jobs/{job.pk}/")

    assert '<progress max="120" value="37"' in page
    assert "37/120" in page
    assert "web-ui" in page


def test_a_running_job_whose_evidence_is_gone_shows_lost(world: World, as_staff: Client) -> None:
    job = queue.enqueue("demo.steps", {}, scope=world.project.pk)
    hold(job, runner(lease="-1 second"))

    assert "mark-lost" in text_of(as_staff, f"/jobs/{job.pk}/")
    assert f'id="job-{job.pk}"' in text_of(as_staff, "/jobs/?state=lost")
    assert f'id="job-{job.pk}"' not in text_of(as_staff, "/jobs/?state=running")


def test_a_lost_job_is_lost_on_the_pages_of_those_that_wait_for_it(
    world: World, as_staff: Client
) -> None:
    job = queue.enqueue("demo.steps", {}, scope=world.project.pk)
    waiting = queue.enqueue("demo.noop", {}, scope=world.project.pk, depends=[job.pk])
    hold(job, runner(lease="-1 second"))

    assert "mark-lost" in text_of(as_staff, f"/jobs/{waiting.pk}/")


def test_hostile_names_and_logs_are_shown_and_do_nothing(world: World, as_staff: Client) -> None:
    job = queue.enqueue("demo.noop", {}, scope=world.project.pk, subject=HOSTILE)
    LogChunk.objects.create(job=job, fence=1, seq=0, first_line=1, text=f"{HOSTILE}\n")
    type(world.repository).objects.filter(pk=world.repository.pk).update(name=HOSTILE)

    for address in (
        "/",
        "/jobs/",
        f"/jobs/{job.pk}/",
        f"/jobs/{job.pk}/log/",
        "/projects/harbour/",
    ):
        page = text_of(as_staff, address)

        assert "<script>alert" not in page
        assert "\x1b" not in page
        assert "\u202e" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_each_line_of_a_log_has_an_address(world: World, as_staff: Client) -> None:
    lines = "".join(f"line {number}\n" for number in range(1, 301))
    LogChunk.objects.create(job=world.job, fence=1, seq=0, first_line=1, text=lines)

    page = text_of(as_staff, f"/jobs/{world.job.pk}/")

    assert 'id="L300"' in page
    assert 'id="L100"' not in page  # the page shows the end
    assert 'id="L100"' in text_of(as_staff, f"/jobs/{world.job.pk}/log/")


def test_a_log_is_filtered_by_what_its_address_says(world: World, as_staff: Client) -> None:
    job = queue.enqueue("demo.noop", {})
    text = "step one\nstep two is odd\nBroken\n"
    LogChunk.objects.create(job=job, fence=1, seq=0, first_line=1, text=text, levels="iwe")

    def shown(query: str) -> list[str]:
        said = text_of(as_staff, f"/jobs/{job.pk}/log/{query}")
        return re.findall(r'<li id="(L\d)" class="(\w+)">', said)

    assert shown("") == [("L1", "info"), ("L2", "warning"), ("L3", "error")]
    assert shown("?level=warning") == [("L2", "warning"), ("L3", "error")]
    assert shown("?grep=STEP&level=") == [("L1", "info"), ("L2", "warning")]
    assert shown("?grep=STEP&level=error") == []
    said = text_of(as_staff, f"/jobs/{job.pk}/log/?grep=%3Cscript%3E")
    assert "None of its 3 lines is of that level" in said
    assert "0 of 3 lines" in said
    assert 'value="&lt;script&gt;"' in said


def test_an_empty_log_says_whether_lines_may_still_come(world: World, as_staff: Client) -> None:
    queued, running = queue.enqueue_many("demo.noop", [{}] * 2)
    hold(Job.objects.get(pk=running), runner())

    said = {pk: text_of(as_staff, f"/jobs/{pk}/") for pk in (queued, running, world.job.pk)}

    assert "It has not begun." in said[queued]
    assert "It has logged nothing yet." in said[running]
    assert "It logged nothing." in said[world.job.pk]


def test_arguments_that_look_like_secrets_are_masked(world: World, as_staff: Client) -> None:
    Job.objects.filter(pk=world.job.pk).update(arguments={"token": "hunter2hunter2"})

    for address in (f"/jobs/{world.job.pk}/", f"/admin/jobs/job/{world.job.pk}/change/"):
        assert "hunter2" not in text_of(as_staff, address)


def test_the_timeline_says_who_moved_the_job_and_when(world: World) -> None:
    client = browser_of(world.contributor)
    client.post(f"/jobs/{world.job.pk}/retries/")

    page = text_of(client, f"/jobs/{world.job.pk}/")

    assert page.count("mark-queued") >= 2
    assert "contributor" in page


def test_a_failed_job_is_retried_by_its_page(world: World) -> None:
    client = browser_of(world.contributor)

    asked = text_of(client, f"/jobs/{world.job.pk}/retries/")
    response = client.post(f"/jobs/{world.job.pk}/retries/", follow=True)

    world.job.refresh_from_db()
    assert "Keep it as it is" in asked
    assert world.job.state == State.QUEUED
    assert "is queued again" in response.content.decode()


def test_a_job_that_moved_on_is_not_cancelled_and_the_page_says_so(world: World) -> None:
    response = browser_of(world.contributor).post(f"/jobs/{world.job.pk}/cancellations/")

    page = response.content.decode()
    assert response.status_code == 409
    assert f"Job {world.job.pk} is failed: only a job that is not finished can be cancelled" in page
    assert f'href="/jobs/{world.job.pk}/"' in page


def test_the_map_shows_files_edges_with_evidence_and_where_it_comes_from(
    world: World, as_staff: Client
) -> None:
    page = text_of(as_staff, f"/projects/harbour/repositories/{world.repository.pk}/map/")

    assert page.count('class="tile') == 3
    assert "file/?path=quay%2Fboat.py#L17" in page
    assert "0123456789abcdef0123456789abcdef01234567" in page
    assert "1 binary" in page


@pytest.mark.parametrize(("query", "found"), [("sail", True), ("anchor", False)])
def test_edges_are_filtered_by_a_part_of_a_path(
    query: str, found: bool, world: World, as_staff: Client
) -> None:
    page = text_of(as_staff, f"/projects/harbour/repositories/{world.repository.pk}/map/?q={query}")

    assert ("quay%2Fboat.py#L3" in page) == found
    assert ("Nothing matches" in page) != found


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "٣"])
def test_a_page_number_that_is_none_does_not_break_a_page(
    page: str, world: World, as_staff: Client
) -> None:
    for address in ("/", f"/projects/harbour/repositories/{world.repository.pk}/map/"):
        text_of(as_staff, f"{address}?page={page}")
    text_of(as_staff, f"/jobs/?below={page}")


@pytest.mark.parametrize("query", ["%00", "%ff", "'", "%25", "a" * 5000])
def test_odd_search_text_does_not_break_a_page(query: str, world: World, as_staff: Client) -> None:
    for address in ("/", "/jobs/", f"/projects/harbour/repositories/{world.repository.pk}/map/"):
        text_of(as_staff, f"{address}?q={query}&under={query}")


@pytest.mark.parametrize("name", ["state", "kind"])
@pytest.mark.parametrize("value", ["bogus", "%ff", "<b>", "a" * 5000])
def test_a_filter_that_names_nothing_is_refused_and_not_passed_over(
    name: str, value: str, world: World, as_staff: Client
) -> None:
    response = as_staff.get(f"/jobs/?{name}={value}")

    page = response.content.decode()
    assert response.status_code == as_staff.get(f"/admin/jobs/job/?state={value}").status_code
    assert response.status_code == 400
    assert f"{name}=" in page
    assert ("succeeded" if name == "state" else "demo.noop") in page
    assert 'href="/jobs/">Go back' in page
    assert len(page) < 4000


def test_the_admin_acts_like_the_pages_and_counts_what_moved_on(
    world: World, as_staff: Client
) -> None:
    queued = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    chosen = {"action": "retry", "_selected_action": [world.job.pk, queued.pk], "confirmed": "yes"}

    response = as_staff.post("/admin/jobs/job/", chosen, follow=True)

    assert "1 retried." in response.content.decode()


def test_the_admin_counts_a_lost_job_as_lost_and_not_as_running(
    world: World, as_staff: Client
) -> None:
    lost, running = (Job.objects.get(pk=pk) for pk in queue.enqueue_many("demo.noop", [{}] * 2))
    hold(lost, runner("-1 second"))
    hold(running, runner())

    found = {
        word: {job.pk for job in listed_by_the_admin(as_staff, word)}
        for word in ("lost", "running", "failed")
    }

    assert found == {"lost": {lost.pk}, "running": {running.pk}, "failed": {world.job.pk}}


def test_pausing_a_queue_in_the_admin_is_recorded_with_who_did_it(
    world: World, as_staff: Client
) -> None:
    Queue.objects.get_or_create(name="short")
    pages = []

    for action in ("pause", "pause", "resume"):
        chosen = {"action": action, "_selected_action": ["short"], "confirmed": "yes"}
        pages.append(as_staff.post("/admin/jobs/queue/", chosen, follow=True).content.decode())

    logged = LogEntry.objects.order_by("pk").values_list("user", "object_id", "change_message")
    assert list(logged) == [
        (world.staff.pk, "short", "Paused."),
        (world.staff.pk, "short", "Resumed."),
    ]
    assert ["1 paused" in pages[0], "0 paused" in pages[1], "1 resumed" in pages[2]] == [True] * 3
    assert not Queue.objects.get(name="short").paused


def test_resuming_a_queue_in_the_admin_wakes_the_runners(world: World, as_staff: Client) -> None:
    Queue.objects.update_or_create(name="short", defaults={"paused": True})

    with CaptureQueriesContext(connection) as asked:
        as_staff.post(
            "/admin/jobs/queue/",
            {"action": "resume", "_selected_action": ["short"], "confirmed": "yes"},
        )

    assert "NOTIFY job_wake" in [query["sql"] for query in asked]


def test_the_admin_neither_adds_nor_changes_nor_deletes_jobs(
    world: World, as_staff: Client
) -> None:
    assert as_staff.get("/admin/jobs/job/add/").status_code == 403
    assert as_staff.post(f"/admin/jobs/job/{world.job.pk}/delete/").status_code == 403
    page = text_of(as_staff, f"/admin/jobs/job/{world.job.pk}/change/")
    assert 'name="state"' not in page


def test_every_list_of_the_admin_opens(world: World, as_staff: Client) -> None:
    index = text_of(as_staff, "/admin/")
    lists = set(re.findall(r'href="(/admin/(?:jobs|projects|auth)/\w+/)"', index))

    assert len(lists) >= 8
    for address in lists:
        text_of(as_staff, address)
    assert "django_q" not in index


def test_a_failed_repository_says_why(world: World, as_staff: Client) -> None:
    fail(queue.enqueue("demo.fail", {}, scope=world.project.pk))
    type(world.repository).objects.filter(pk=world.repository.pk).update(
        failure_class="auth", failure_message="The remote refused the token."
    )

    home = text_of(as_staff, "/")

    assert "mark-failed" in home
    assert "The remote refused the token." in home


def test_the_page_of_a_project_and_its_live_rows_are_one_partial(
    world: World, as_staff: Client
) -> None:
    page = text_of(as_staff, "/projects/harbour/repositories/")
    rendered = topics.render_rows([str(world.repository.pk)])[str(world.repository.pk)]

    row = re.search(rf'<tr id="repository-{world.repository.pk}".*?</tr>', page, re.DOTALL)
    assert row
    assert re.sub(r'data-v="\d+"', "", row[0]) == re.sub(r'data-v="\d+"', "", rendered).strip()
    assert "mark-ready" in row[0]


@pytest.mark.parametrize(
    "change",
    [
        {"head_commit": "f" * 40},
        {"branch": "next"},
        {"failure_class": "auth", "failure_message": "The remote refused the token."},
    ],
)
def test_a_change_of_a_repository_changes_what_is_sent_of_its_row(
    change: dict[str, str], world: World
) -> None:
    keys = [str(world.repository.pk)]
    before = topics.row_fingerprints(keys)

    type(world.repository).objects.filter(pk=world.repository.pk).update(**change)

    assert topics.row_fingerprints(keys) != before


def test_what_is_new_in_a_project_is_told_to_its_open_pages(world: World) -> None:
    key = topics.page_key(world.viewer, world.project)
    before = topics.page_fingerprints([key])[key].split()
    listed = topics.list_fingerprints([key])[key].split()

    made = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    portfolio.move(world.project, Stage.DEFINE, actor="user:1")
    other = mapped(world.project, name="anchor")

    after = topics.page_fingerprints([key])[key].split()
    event = Event.objects.get(name="project.moved")
    assert set(after) - set(before) == {f"job:{made.pk}", f"event:{event.pk}"}
    assert set(topics.list_fingerprints([key])[key].split()) - set(listed) == {
        f"repositoryrow:{other.pk}"
    }
    assert f'data-topic="repositories:{key}"' in topics.render_lists([key])[key]
    assert f'data-topic="projectpage:{key}"' in topics.render_pages([key])[key]
    stranger = topics.page_key(world.stranger, world.project)
    assert topics.page_fingerprints([stranger])[stranger] == ""


def test_a_project_with_many_repositories_is_shown_in_pages_a_socket_can_watch(
    world: World, as_staff: Client
) -> None:
    for number in range(projects_board.REPOSITORIES):
        type(world.repository).objects.create(
            project=world.project, name=f"r{number}", address=f"https://a.org/x/r{number}"
        )
    first, second = (
        text_of(as_staff, f"/projects/harbour/repositories/?page={page}") for page in (1, 2)
    )

    assert first.count("data-topic=") < MOST_TOPICS
    assert first.count('<tr id="repository-') == projects_board.REPOSITORIES
    assert second.count('<tr id="repository-') == 1
    assert 'href="?page=2"' in first


def test_a_viewer_is_shown_no_button_they_may_not_press(world: World) -> None:
    for user, may in ((world.viewer, False), (world.contributor, True)):
        page = text_of(browser_of(user), "/projects/harbour/repositories/")

        assert ('<main id="main" class="may-act">' in page) == may
        assert (
            '<button class="act" form="act"' in page
        )  # hidden by the class, refused by the server
