"""Files of a project: versions, contents stored once, what jobs left, and safe downloads."""

import hashlib
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from factory import intake
from factory.models import ApiToken
from jobs import ports, queue
from jobs.models import Artefact, Event
from jobs.models.artefact import BadArtefact
from projects import artefacts, portfolio
from projects.models import Archived, Content, Membership, ProjectArtefact, Role
from projects.models.artefact import MOST_BYTES
from tests.pages.conftest import World, browser_of, hold, runner

pytestmark = pytest.mark.django_db
ADDRESS = "/projects/harbour/artefacts/"


@pytest.fixture
def maintainer(world: World) -> User:
    """This fixture will give somebody who decides about the project."""
    user = User.objects.create_user("maintainer")
    Membership.objects.create(project=world.project, user=user, role=Role.MAINTAINER)
    return user


def kept(world: World, data: bytes, name: str = "plan.txt") -> ProjectArtefact:
    """This function will keep bytes in the project of the world."""
    return artefacts.keep(world.project, name, data, media_type="text/plain", by="user:1")


def left(world: World, name: str = "report.csv") -> Artefact:
    """This function will have a job of the project leave a file."""
    job = queue.enqueue("demo.noop", {}, scope=world.project.pk)
    hold(job, runner())
    Artefact.objects.keep(job.pk, job.fence, name, b"a,b", "text/csv")
    return Artefact.objects.get(job=job)


def bearer(user: User) -> dict[str, str]:
    """This function will give the header of a token that may write."""
    return {"Authorization": f"Bearer {ApiToken.objects.issue(user, 'ci', 'write', 1)[1]}"}


def test_the_same_name_again_is_the_next_version_and_the_older_stay(world: World) -> None:
    first, second = kept(world, b"one"), kept(world, b"two")

    assert (first.version, second.version) == (1, 2)
    client = browser_of(world.viewer)
    assert client.get(f"{ADDRESS}{first.pk}/").content == b"one"
    assert client.get(f"{ADDRESS}{second.pk}/").content == b"two"
    assert second.sha256 == hashlib.sha256(b"two").hexdigest()
    assert Event.objects.filter(name="artefact.kept").count() == 2


def test_the_same_bytes_again_are_the_version_there_is(world: World) -> None:
    assert kept(world, b"one").pk == kept(world, b"one").pk
    assert kept(world, b"one", "other.txt").version == 1
    assert Content.objects.count() == 1


def test_what_is_removed_leaves_its_row_and_takes_no_bytes_of_others_along(world: World) -> None:
    first, other = kept(world, b"one"), kept(world, b"one", "other.txt")

    assert artefacts.remove(first, by="user:2")
    assert not artefacts.remove(first, by="user:3")
    assert browser_of(world.viewer).get(f"{ADDRESS}{other.pk}/").content == b"one"
    artefacts.remove(other, by="user:2")

    first.refresh_from_db()
    assert (first.content_id, first.removed_by) == (None, "user:2")
    assert Content.objects.count() == 0
    assert browser_of(world.viewer).get(f"{ADDRESS}{first.pk}/").status_code == 404
    assert kept(world, b"three").version == 2


def test_the_database_keeps_a_version_one_and_its_bytes_with_it(world: World) -> None:
    made = kept(world, b"one")

    with pytest.raises(IntegrityError), transaction.atomic():
        ProjectArtefact.objects.filter(pk=made.pk).update(content=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProjectArtefact.objects.create(
            project=world.project, name="plan.txt", version=1, size=1, content=made.content
        )


@pytest.mark.parametrize("name", ["", "a/b", ".hidden", "x" * 201])
def test_an_odd_name_is_refused(name: str, world: World) -> None:
    with pytest.raises(BadArtefact, match=r"^name"):
        kept(world, b"one", name)


def test_what_is_too_large_or_too_much_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadArtefact, match=f"of {MOST_BYTES} allowed"):
        kept(world, b"x" * (MOST_BYTES + 1))

    monkeypatch.setattr(artefacts, "MOST_OF_A_PROJECT", 5)
    kept(world, b"12345")
    assert kept(world, b"12345", "again.txt").version == 1
    with pytest.raises(BadArtefact, match="a maintainer has to remove some"):
        kept(world, b"6", "more.txt")


def test_nothing_is_kept_in_what_is_archived(world: World) -> None:
    portfolio.archive(world.project, actor="user:1")

    with pytest.raises(Archived):
        kept(world, b"one")


def test_a_file_is_uploaded_on_the_page_and_listed_with_its_digest(world: World) -> None:
    client = browser_of(world.contributor)
    file = SimpleUploadedFile("plan.txt", b"quay", content_type="text/plain")

    answer = client.post("/uploads/harbour/", {"file": file, "name": ""})

    page = client.get(answer["Location"]).content.decode()
    assert hashlib.sha256(b"quay").hexdigest() in page
    assert "by contributor" in page
    assert ">v1</a>" in page


def test_a_wrong_upload_is_told_beside_its_field(world: World) -> None:
    client = browser_of(world.contributor)
    file = SimpleUploadedFile("plan.txt", b"quay")

    named = client.post("/uploads/harbour/", {"file": file, "name": "a/b"})
    empty = client.post("/uploads/harbour/", {"name": "plan.txt"})

    assert (named.status_code, empty.status_code) == (400, 400)
    assert "without / and no dot first" in named.content.decode().partition("name-wrong")[2]
    assert "This field is required" in empty.content.decode().partition("file-wrong")[2]
    assert intake.door("/uploads/harbour/").most_bytes > MOST_BYTES
    assert intake.door("/api/uploads/1").most_bytes > MOST_BYTES


def test_a_download_is_saved_and_neither_shown_nor_run(world: World) -> None:
    page = artefacts.keep(world.project, "x.html", b"<script>", media_type="text/html", by="user:1")

    answer = browser_of(world.viewer).get(f"{ADDRESS}{page.pk}/")

    assert answer["Content-Disposition"] == 'attachment; filename="x.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_what_jobs_left_is_in_the_same_list_and_outlives_them_once_kept(world: World) -> None:
    kept(world, b"one")
    report = left(world)
    client = browser_of(world.contributor)

    page = client.get(ADDRESS).content.decode()
    client.post(f"{ADDRESS}keeps/", {"artefact": report.pk})

    assert f"/jobs/{report.job_id}/artefacts/{report.pk}/" in page
    assert "plan.txt" in page
    taken = ProjectArtefact.objects.get(name="report.csv")
    assert (taken.job_id, taken.media_type, taken.version) == (report.job_id, "text/csv", 1)
    assert bytes(taken.content.data) == b"a,b" if taken.content else False


def test_what_a_job_of_another_project_left_cannot_be_kept_here(world: World) -> None:
    foreign = queue.enqueue("demo.noop", {}, scope=None)
    hold(foreign, runner())
    Artefact.objects.keep(foreign.pk, foreign.fence, "secret.txt", b"x")
    number = Artefact.objects.get(job=foreign).pk

    answer = browser_of(world.contributor).post(f"{ADDRESS}keeps/", {"artefact": number})

    assert answer.status_code == 404
    assert "secret.txt" not in browser_of(world.viewer).get(ADDRESS).content.decode()


def test_the_list_is_paged_and_costs_the_same_for_1_and_for_60(
    world: World, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        kept(world, b"one", f"file-{number:02}.txt")
    client = browser_of(world.viewer)

    with django_assert_max_num_queries(9):
        first = client.get(ADDRESS).content.decode()
    second = client.get(f"{ADDRESS}?page=2").content.decode()

    assert (first.count("download>"), second.count("download>")) == (50, 10)


def test_all_versions_of_a_name_are_listed_also_what_was_removed(world: World) -> None:
    artefacts.remove(kept(world, b"one"), by="user:1")
    kept(world, b"two")

    page = browser_of(world.viewer).get(f"{ADDRESS}?name=plan.txt").content.decode()
    newest = browser_of(world.viewer).get(ADDRESS).content.decode()

    assert "<s>plan.txt</s>" in page
    assert "v1" in page
    assert "v2" in page
    assert "<s>" not in newest


def test_a_maintainer_removes_with_a_page_that_asks(world: World, maintainer: User) -> None:
    made = kept(world, b"one")
    client, address = browser_of(maintainer), f"{ADDRESS}{made.pk}/removals/"

    asked = client.get(address).content.decode()
    client.post(address, {"typed": "plan.txt"})

    assert "Remove plan.txt, version 1?" in asked
    made.refresh_from_db()
    assert made.removed_by == f"user:{maintainer.pk}"
    feed = client.get("/projects/harbour/feed/?kind=artefact").content.decode()
    assert "Version 1 of the file plan.txt was removed." in feed


def test_nothing_is_removed_for_good_before_its_name_is_typed(
    world: World, maintainer: User
) -> None:
    made = kept(world, b"one")
    client, address = browser_of(maintainer), f"{ADDRESS}{made.pk}/removals/"

    for typed in ({}, {"typed": "plan"}):
        answer = client.post(address, typed)

        assert answer.status_code == 400
        assert "typed: write plan.txt" in answer.content.decode()
    made.refresh_from_db()
    assert made.removed_at is None


def test_the_api_uploads_lists_fetches_keeps_and_removes(world: World, maintainer: User) -> None:
    client, headers = Client(), bearer(maintainer)
    file = SimpleUploadedFile("plan.txt", b"quay", content_type="text/plain")
    report = left(world)

    made = client.post(f"/api/uploads/{world.project.pk}", {"file": file}, headers=headers)
    taken = client.post(
        f"/api/projects/{world.project.pk}/artefacts",
        {"artefact": report.pk},
        content_type="application/json",
        headers=headers,
    )
    told = client.get(f"/api/projects/{world.project.pk}/artefacts", headers=headers).json()
    data = client.get(f"/api/artefacts/{made.json()['pk']}", headers=headers)
    gone = client.delete(f"/api/artefacts/{made.json()['pk']}", headers=headers)
    again = client.get(f"/api/artefacts/{made.json()['pk']}", headers=headers)

    assert (made.status_code, made.json()["version"], taken.status_code) == (201, 1, 201)
    assert {(one["source"], one["name"]) for one in told["artefacts"]} == {
        ("project", "plan.txt"),
        ("project", "report.csv"),
        ("job", "report.csv"),
    }
    assert (data.content, data["Content-Type"]) == (b"quay", "text/plain")
    assert (gone.status_code, again.status_code) == (204, 404)


def test_the_api_refuses_whom_the_pages_refuse(world: World) -> None:
    made = kept(world, b"one")

    def status(user: User) -> int:
        return Client().delete(f"/api/artefacts/{made.pk}", headers=bearer(user)).status_code

    assert [status(one) for one in (world.stranger, world.viewer, world.contributor)] == [
        *(404, 403),
        403,
    ]
    file = SimpleUploadedFile("a.txt", b"x")
    answer = Client().post(
        f"/api/uploads/{world.project.pk}",
        {"file": file, "name": "a/b"},
        headers=bearer(world.contributor),
    )
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["name"])


def test_the_list_is_live_new_files_are_told_and_removed_ones_shown(
    world: World, maintainer: User
) -> None:
    made, report = kept(world, b"one"), left(world)
    project, client = world.project, browser_of(maintainer)
    files, file = ports.topics["files"], ports.topics["file"]
    page = re.sub(r'data-v="\d+"', 'data-v="0"', client.get(ADDRESS).content.decode())
    keys = {f"project-{made.pk}", f"job-{report.pk}"}

    assert set(file.allowed(maintainer, keys)) == keys
    assert set(file.allowed(world.stranger, keys)) == set()
    for key, html in file.render(keys).items():
        assert re.sub(r"\s+", " ", html).strip() in re.sub(r"\s+", " ", page), key
    assert files.render([str(project.pk)])[str(project.pk)].strip() in page
    before = files.fingerprints([str(project.pk)]), file.fingerprints(keys)

    kept(world, b"two")
    artefacts.remove(made, by="user:1")

    assert files.fingerprints([str(project.pk)]) != before[0]
    after = file.fingerprints(keys)
    changed = {key for key in keys if after[key] != before[1][key]}
    assert changed == {f"project-{made.pk}"}
