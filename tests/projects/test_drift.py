"""How two maps differ: what plain set algebra over their documents says, found without reading all."""

import hashlib
import json
import random

import pytest
from django.core.management import call_command

from projects import drift
from projects.mapping import documents
from projects.mapping.made import COLUMNS, SEPARATORS
from tests.projects import mapped

HOSTILE = (
    "a],[b",
    'quo"],["te',
    "back\\",
    '"],"files":[',
    "]]",
    '","skips":[',
    "x/",
    "ünï",
    "pkg/",
)


def side(chance, files=14, edges=30, structure=True):
    """This function will make one side of names that look like marks of a document."""
    names = [f"{chance.choice(HOSTILE)}{number}" for number in range(files)]
    rows = sorted([name, chance.choice("xyz"), "Python", 1, 1, 0, "", "a],["] for name in names)
    ends = [*names, *(name for name in HOSTILE if name.endswith("/"))]
    pairs = {(chance.choice(ends), chance.choice(ends)) for _ in range(edges)}
    needs = sorted([*pair, "import", [chance.randrange(9), 12]] for pair in pairs)
    content = {"columns": COLUMNS, "edges": needs, "files": rows, "skips": [["],[", "binary"]]}
    if structure:
        content["structure"] = {"cycles": [], "dependencies": [{"ecosystem": "pip", "name": "]]"}]}
    document = json.dumps(content, sort_keys=True, separators=SEPARATORS).encode()
    return drift.Side("c" * 40, "2", hashlib.sha256(document).hexdigest(), {}, document), content


def plainly(content):
    """This function will read a document whole, and give its nodes, blobs and edges."""
    files = {row[0]: row[1] for row in content["files"]}
    edges = {tuple(edge[:3]) for edge in content["edges"]}
    return files.keys() | {end for edge in edges for end in edge[:2]}, files, edges


@pytest.mark.parametrize("seed", range(30))
def test_the_difference_is_that_of_the_sets_whatever_names_look_like(seed):
    chance = random.Random(seed)  # noqa: S311
    (old, before), (new, after) = side(chance), side(chance)

    found = drift.compare(old, new)

    (nodes, files, edges), (later_nodes, later_files, later_edges) = map(plainly, (before, after))
    assert set(found.nodes.added) == later_nodes - nodes
    assert set(found.nodes.removed) == nodes - later_nodes
    assert {edge[:3] for edge in found.edges.added} == later_edges - edges
    assert {edge[:3] for edge in found.edges.removed} == edges - later_edges
    assert set(found.changed) == {
        path for path, blob in files.items() if later_files.get(path, blob) != blob
    }


def test_a_map_does_not_differ_from_itself():
    one, _ = side(random.Random(1))  # noqa: S311

    told = drift.described(drift.compare(one, one))

    assert told["same"]
    parts = ("nodes", "edges", "cycles", "components", "component_edges", "dependencies")
    assert not any(told[name][which] for name in parts for which in ("added", "removed"))


def test_an_empty_document_has_no_rows():
    empty = documents.modern(b'{"edges":[],"files":[],"skips":[]}')

    assert documents.rows(empty, "edges") == documents.rows(empty, "files") == set()
    assert documents.read(set()) == []
    assert documents.structure(empty) == {}


def test_cycles_of_a_map_that_did_not_write_them_down_are_found():
    edges = [["a", "b", "import", [1]], ["b", "a", "import", [1]]]
    rows = [[name, "x", "Python", 1, 1, 0] for name in "ab"]
    old, new = (
        drift.Side("c" * 40, "1", name, {}, documents.modern(json.dumps(content).encode()))
        for name, content in (
            ("1", {"edges": edges[:1], "files": rows, "skips": []}),
            ("2", {"edges": edges, "files": rows, "skips": []}),
        )
    )

    assert drift.compare(old, new).cycles.added == [("a", "b")]


@pytest.mark.django_db
def test_the_command_tells_what_a_commit_changed_and_makes_maps_that_are_not_kept(origin, capsys):
    old = origin.git("rev-parse", "HEAD")
    new = origin.commit(
        {
            "shop/models.py": "import json\nfrom shop import views\n\nclass Cart: ...\n",
            "shop/urls.py": None,
            "shop/addresses.py": "from .views import cart\nfrom . import nothing_here\n",
            "shop/new.py": "from shop import models\n",
        }
    )
    repository = mapped.registered(origin)

    call_command("drift", str(repository.pk), old[:10], new, "--json")

    told = json.loads(capsys.readouterr().out)
    assert told["nodes"] == {
        "added": ["shop/addresses.py", "shop/new.py"],
        "removed": ["shop/urls.py"],
        "changed": ["shop/models.py"],
        "moved": [{"from": "shop/urls.py", "to": "shop/addresses.py"}],
    }
    assert {"src": "shop/models.py", "dst": "shop/views.py", "kind": "import", "line": 2} in told[
        "edges"
    ]["added"]
    assert told["cycles"] == {"added": [["shop/models.py", "shop/views.py"]], "removed": []}
    assert told["counts"]["cycles"] == {"old": 0, "new": 1}


@pytest.mark.django_db
def test_a_commit_that_is_not_here_is_one_line(origin, capsys):
    repository = mapped.registered(origin)

    with pytest.raises(SystemExit) as ended:
        call_command("drift", str(repository.pk), "HEAD", repository.head_commit)

    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
