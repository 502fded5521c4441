"""The rows of a current map: they become those of the next one, and only what differs is written."""

from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from projects import maps
from projects.mapping.edges import Edges, EdgeTable
from projects.mapping.made import IMPORT, PART, Map, MapFile
from projects.models import Edge, MapNode, SystemMap
from tests.projects import mapped

pytestmark = pytest.mark.django_db
A = MapFile("a.py", "a" * 40, "Python", 10, 5, 1, "", "", "", "python")
B = MapFile("b.py", "b" * 40, "Python", 20, 9, 2, "", "test", "lib", "python")
C = MapFile("c.bin", "c" * 40, "", 30, 0, 0, "binary", "", "lib", "")


@pytest.fixture
def repository(origin):
    """This fixture will be a repository with a map of its own files."""
    return mapped.registered(origin)


def publish(repository, files, edges, parts=()):
    """This function will publish a map of files with imports (src, dst, line) and parts."""
    pairs = [(IMPORT, Edges(edges)), (PART, Edges(parts))]
    table = EdgeTable.of(
        [(kind, some, {name: name for name in some.names}) for kind, some in pairs]
    )
    packages = sorted({src for src, _, _ in parts})
    number = SystemMap.objects.count()
    made = Map(
        f"{number:040x}",
        list(files),
        packages,
        table,
        [],
        {"files": len(files), "edges": len(table), "skipped": {}},
        {},
        {},
        "d" * 64,
        b"",
    )
    with transaction.atomic():
        maps.publish(repository, made, None)


def sightings(repository):
    """This function will give what the rows say of each file."""
    names = ("blob", "language", "bytes", "lines", "definitions", "skip", "role", "component")
    found = MapNode.objects.filter(repository=repository).order_by("node__path")
    return [MapFile(*row) for row in found.values_list("node__path", *names, "reader")]


def edges(repository):
    """This function will give the edges as the rows have them."""
    found = Edge.objects.filter(repository=repository).order_by("src__path", "dst__path", "kind")
    return list(found.values_list("src__path", "dst__path", "kind", "lines"))


def ids(model, repository):
    """This function will give the rows that stand, by their numbers."""
    return set(model.objects.filter(repository=repository).values_list("pk", flat=True))


def test_the_rows_become_those_of_the_next_map_and_the_others_are_not_touched(repository):
    publish(repository, [A, B, C], [("a.py", "b.py", 1), ("b.py", "a.py", 2)], [("p/", "b.py", 1)])
    before = ids(MapNode, repository), ids(Edge, repository)
    changed, fresh = replace(B, lines=10), replace(A, path="d.py")

    publish(repository, [A, changed, fresh], [("a.py", "b.py", 1), ("b.py", "a.py", 3)])

    assert sightings(repository) == [A, changed, fresh]
    assert edges(repository) == [
        ("a.py", "b.py", "import", [1]),
        ("b.py", "a.py", "import", [3]),
    ]
    after = ids(MapNode, repository), ids(Edge, repository)
    assert [len(old & new) for old, new in zip(before, after, strict=True)] == [1, 1]


def test_rows_that_are_not_what_the_map_before_said_are_put_right(repository):
    publish(repository, [A, B], [("a.py", "b.py", 1)])
    MapNode.objects.filter(node__path="a.py").update(lines=77)
    Edge.objects.update(lines=[8])

    publish(repository, [A, B], [("a.py", "b.py", 1)])

    assert sightings(repository) == [A, B]
    assert edges(repository) == [("a.py", "b.py", "import", [1])]


def test_characters_that_mean_something_to_the_database_are_kept_and_found_again(repository):
    odd = replace(A, path="a\\x.py", component="a\\b\tc\nd\re\bf\fg\vh\\N", role="\\.")
    publish(repository, [odd], [])
    before = ids(MapNode, repository)

    publish(repository, [odd], [])

    assert sightings(repository) == [odd]
    assert ids(MapNode, repository) == before


def test_another_repository_keeps_its_rows(repository):
    other = type(repository).objects.create(
        project=repository.project, address="/other", name="other"
    )
    other.record_sync("e" * 40)
    publish(repository, [A, B], [("a.py", "b.py", 1)])

    publish(other, [A, B], [("b.py", "a.py", 4)])

    assert edges(repository) == [("a.py", "b.py", "import", [1])]
    assert edges(other) == [("b.py", "a.py", "import", [4])]


def test_rows_of_current_maps_move_to_their_repository_and_back(repository):
    publish(repository, [A, B], [("a.py", "b.py", 1)], [("p/", "b.py", 1)])
    told = sightings(repository), edges(repository)
    first, *_, last = repository.maps.order_by("pk").values_list("pk", flat=True)
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("projects")

    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # a table with checks to come stays as it is
        MigrationExecutor(connection).migrate([("projects", "0014_stages_of_projects")])
        cursor.execute("SELECT DISTINCT map_id FROM map_edge UNION SELECT map_id FROM map_sighting")
        assert cursor.fetchall() == [(last,)]
        cursor.execute("UPDATE map_edge SET map_id = %s WHERE kind = 'part'", [first])
    MigrationExecutor(connection).migrate(newest)

    assert sightings(repository) == told[0]
    assert edges(repository) == [one for one in told[1] if one[2] == "import"]
