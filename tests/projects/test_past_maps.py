"""Maps of older commits: made by a job when somebody wants to compare them, kept beside the current."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.models import Job
from jobs.states import FINISHED
from projects import maps, registration
from projects.models import MapNode, Membership, Role, SystemMap
from tests.jobs.conftest import committed
from tests.projects import mapped
from tests.projects.origins import PACKAGE, runner, until

__all__ = ["committed"]


@pytest.fixture
def browser(origin, db):
    """This fixture will be a contributor's browser, of a repository whose first commit has no map."""
    first = origin.git("rev-parse", "HEAD")
    origin.commit({**PACKAGE, "shop/later.py": "import json\n"})
    repository = mapped.registered(origin)
    client = Client()
    ana = User.objects.create_user("ana")
    Membership.objects.create(project=repository.project, user=ana, role=Role.CONTRIBUTOR)
    client.force_login(ana)
    client.repository, client.first = repository, first
    return client


def address(browser, name):
    """This function will give the address of a page of the map."""
    return reverse(
        f"projects:map-{name}", args=[browser.repository.project.slug, browser.repository.pk]
    )


def ask(browser, commit):
    """This function will ask for the map of a commit, and give the page that follows."""
    given = {"commit": commit, "from": commit, "to": ""}
    return browser.post(address(browser, "makings"), given, follow=True).content.decode()


def asked():
    """This function will give the jobs that make maps of older commits."""
    return Job.objects.filter(kind="projects.map_commit")


def test_the_page_offers_what_is_not_kept_and_shows_the_job_that_makes_it(browser):
    before = browser.get(address(browser, "drift"), {"from": browser.first[:9]}).content.decode()

    after = ask(browser, browser.first[:9])

    assert "Make it" in before
    [job] = asked()
    assert job.arguments == {"repository": browser.repository.pk, "commit": browser.first}
    assert f"will be made by job {job.pk}" in after
    assert f'id="job-{job.pk}"' in after


def test_asking_twice_is_one_job_and_is_not_the_status_of_the_repository(browser):
    ask(browser, browser.first)
    ask(browser, browser.first[:8])

    assert asked().count() == 1
    [shown] = type(browser.repository).objects.with_map_status().filter(pk=browser.repository.pk)
    assert shown.map_status == "ready"


@pytest.mark.parametrize("commit", ["", "f" * 40, "HEAD", "--all", "\0", "main"])
def test_what_is_no_commit_here_is_refused_in_a_sentence(browser, commit):
    text = ask(browser, commit)

    assert "commit: There is no commit" in text
    assert not asked().exists()


def test_what_is_kept_is_not_made_again(browser):
    assert "is kept already" in ask(browser, browser.repository.current_map.commit)
    assert not asked().exists()


def test_a_viewer_may_not_ask(browser):
    Membership.objects.update(role=Role.VIEWER)

    answer = browser.post(address(browser, "makings"), {"commit": browser.first})

    assert answer.status_code == 403
    assert not asked().exists()


def test_a_map_that_is_kept_beside_the_current_one_changes_nothing_else(browser, origin):
    repository = browser.repository
    rows = set(MapNode.objects.values_list("node", "blob"))
    made = mapped.made(origin, browser.first)

    kept, again = (maps.keep(repository, made, None) for _ in range(2))

    repository.refresh_from_db()
    assert (kept.commit, again.pk) == (browser.first, kept.pk)
    assert repository.current_map.commit == repository.head_commit != browser.first
    assert set(MapNode.objects.values_list("node", "blob")) == rows
    text = browser.get(address(browser, "drift"), {"from": browser.first}).content.decode()
    assert "shop/later.py" in text
    assert "No single map" not in text


def test_the_current_map_stays_when_its_own_commit_is_asked_for(browser, origin):
    current = browser.repository.current_map

    assert maps.keep(browser.repository, mapped.made(origin, current.commit), None) == current
    assert SystemMap.objects.count() == 1


def test_the_job_makes_the_map_and_leaves_the_current_one(origin, committed, settings, tmp_path):
    first = origin.git("rev-parse", "HEAD")
    origin.commit({"shop/later.py": "import json\n"})
    repository = mapped.registered(origin)
    job = registration.map_commit(repository, first, actor="user:1")
    environment = committed.environment | {
        "FACTORY_HOME": str(settings.FACTORY_HOME),
        "FACTORY_LOCAL_REPOS": str(tmp_path),
    }

    with runner(environment):
        until(lambda: Job.objects.get(pk=job.pk).state in FINISHED)

    job.refresh_from_db()
    assert (job.state, job.result["commit"]) == ("succeeded", first), job.failure_message
    repository.refresh_from_db()
    assert repository.current_map.commit == repository.head_commit != first
    assert maps.at(repository, first).job_id == job.pk
