"""Publishing a map: everything or nothing, and what older maps keep."""

import hashlib
import json
import zlib
from dataclasses import replace

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from projects import maps, registration, removal
from projects.git import door, reading
from projects.mapping import build, extraction
from projects.mapping.languages.python import names
from projects.models import BlobFacts, Edge, MapStatus, Node, Repository, SystemMap
from projects.models.repository import Gone

pytestmark = pytest.mark.django_db
TOOLS = extraction.Tools()


@pytest.fixture
def repository(origin):
    """This fixture will register the origin, as if its job had run."""
    found = registration.register(
        [str(origin.path)], project=None, branch="", token="", actor="command"
    )[0]
    found.job.cancel(by="user:1")
    found.repository.record_sync(origin.git("rev-parse", "HEAD"))
    return found.repository


def publish(origin, repository):
    """This function will map the origin's newest commit and publish it."""
    git_dir = door.git_dir(origin.path)
    made = build.build(git_dir, reading.head(git_dir, TOOLS.watch), TOOLS, maps.FactsCache())
    repository.record_sync(made.commit)
    with transaction.atomic():
        return made, maps.publish(repository, made, None)


def status(repository):
    """This function will compute the map status of one repository."""
    return Repository.objects.with_map_status().get(pk=repository.pk).map_status


def test_a_published_map_has_all_its_rows_and_is_the_current_one(origin, repository):
    made, published = publish(origin, repository)

    repository.refresh_from_db()
    assert repository.current_map == published
    assert status(repository) == MapStatus.READY
    assert repository.sightings.count() == len(made.files) == 6
    assert {(edge.src.path, edge.dst.path): edge.lines for edge in repository.edges.all()} == {
        (edge.src, edge.dst): edge.lines for edge in made.edges
    }
    assert hashlib.sha256(zlib.decompress(published.document)).hexdigest() == published.digest


def test_the_next_map_replaces_the_rows_and_keeps_nodes_and_documents(origin, repository):
    _, first = publish(origin, repository)
    node = Node.objects.get(path="shop/models.py")
    origin.commit({"shop/new.py": "from shop import models\n"})

    publish(origin, repository)

    assert Node.objects.get(path="shop/models.py").pk == node.pk
    assert repository.sightings.count() == 7
    assert len(SystemMap.objects.get(pk=first.pk).content()["files"]) == 6
    assert maps.at(repository, first.commit[:10]) == first


def test_mapping_the_same_commit_again_leaves_one_map(origin, repository):
    _, first = publish(origin, repository)
    _, second = publish(origin, repository)

    assert first.digest == second.digest
    assert list(SystemMap.objects.all()) == [second]
    repository.refresh_from_db()
    assert repository.current_map == second


def test_a_push_makes_the_map_stale(origin, repository):
    publish(origin, repository)
    repository.record_sync(origin.commit({"a.txt": "a"}))

    assert status(repository) == MapStatus.STALE


def test_a_map_that_loses_a_row_is_not_published(origin, repository):
    made, first = publish(origin, repository)
    origin.commit({"a.py": ""})
    counts = made.counts | {"edges": 99}

    with pytest.raises(RuntimeError, match="99"), transaction.atomic():
        maps.publish(repository, replace(made, counts=counts), None)

    repository.refresh_from_db()
    assert repository.current_map == first
    assert repository.sightings.count() == 6


def test_facts_are_shared_by_repositories_with_the_same_files(origin, repository):
    publish(origin, repository)
    facts = BlobFacts.objects.count()
    publish(origin, repository)

    assert BlobFacts.objects.count() == facts == 5


def test_names_are_stored_only_in_a_form_that_can_be_printed(origin, repository):
    blob = origin.blob(b"import os\n")
    origin.commit_tree(
        b"".join(
            f"100644 blob {blob}\t".encode() + name + b"\0"
            for name in (b"caf\xe9.py", b"new\nline.py", b"esc\x1b.py")
        )
    )

    publish(origin, repository)

    assert all(path.isprintable() for path in Node.objects.values_list("path", flat=True))


def test_an_edge_has_two_ends_and_evidence(origin, repository):
    publish(origin, repository)
    one, two = Node.objects.all()[:2]
    for wrong in ({"src": one, "dst": one, "lines": [1]}, {"src": one, "dst": two, "lines": []}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Edge.objects.create(repository=repository, kind="import", **wrong)


def test_a_project_that_is_deleted_takes_its_maps_along(origin, repository):
    publish(origin, repository)

    repository.project.delete()

    assert not SystemMap.objects.exists()
    assert not Node.objects.exists()


def test_every_field_says_what_it_means():
    missing = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("projects").get_models()
        if not model._meta.auto_created
        for field in model._meta.fields
        if not field.help_text and not field.primary_key
    ]

    assert missing == []


def test_the_document_is_canonical(origin, repository):
    made, _ = publish(origin, repository)

    content = json.loads(made.document())

    plainly = json.dumps(content, sort_keys=True, separators=(",\n", ":")).encode()
    assert plainly == made.document()
    assert content["files"] == sorted(content["files"])


@pytest.mark.parametrize(
    "text", ["\u00b2", "\u0663", "9" * 18, "9" * 5000, "-1", "", "a\0b", "x" * 5000]
)
def test_what_names_no_repository_is_none(repository, text):
    assert maps.named(text) is None


def test_a_repository_is_named_by_id_address_name_or_the_slug_of_its_project(repository):
    Repository.objects.filter(pk=repository.pk).update(name="The Shop")

    for text in (str(repository.pk), repository.address, "The Shop", repository.project.slug):
        assert maps.named(text) == repository
    Repository.objects.create(project=repository.project, address="/other", name="other")
    assert maps.named(repository.project.slug) is None


def test_facts_kept_by_two_jobs_in_opposite_orders_do_not_wait_in_a_circle(repository):
    rows = [(f"{number:040x}", "python", "{}", "null", "[]") for number in range(3)]

    with CaptureQueriesContext(connection) as seen:
        maps.FactsCache().save(rows[::-1])

    places = [seen.captured_queries[0]["sql"].index(blob) for blob, *_ in rows]
    assert places == sorted(places)


def test_a_mapped_repository_is_removed_with_its_maps(origin, repository):
    publish(origin, repository)

    removal.remove([repository], by="command")

    assert not SystemMap.objects.exists()
    assert not Node.objects.exists()


def test_a_resolver_that_breaks_is_told_on_the_next_map(origin, repository, monkeypatch):
    imports = "".join(f"from .part_{number} import x\n" for number in range(30))
    parts = {f"shop/part_{number}.py": "" for number in range(30)}
    origin.commit({"shop/all.py": imports, **parts})
    _, first = publish(origin, repository)
    repository.refresh_from_db()
    monkeypatch.setattr(names.Tree, "_at", lambda tree, place, parent: None)

    _, second = publish(origin, repository)

    assert first.counts["alarms"] == []
    assert second.counts["alarms"] == [
        "python: 33 of 33 imports that must lead to a file of this repository lead to none, "
        "0% on the map before: edges are missing."
    ]
    assert second.counts["lost"][0] == ("shop/all.py", 1)
    assert len(second.counts["lost"]) == build._EXAMPLES


def test_a_map_of_a_repository_that_was_removed_meanwhile_is_not_published(origin, repository):
    git_dir = door.git_dir(origin.path)
    made = build.build(git_dir, reading.head(git_dir, TOOLS.watch), TOOLS, maps.FactsCache())
    removal.remove([repository], by="command")

    with pytest.raises(Gone, match="was removed meanwhile"):
        maps.publish(repository, made, None)
