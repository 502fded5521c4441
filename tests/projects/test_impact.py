"""What could break: everything that needs a file, by the shortest way, with what is not known."""

import io
import json
import random
import sys

import pytest
import rustworkx
from django.core.management import call_command

from projects import impact
from projects.mapping import roles
from tests.projects import mapped

COUNTS = {"skipped": {"binary": 2}, "unresolved": 1, "broken": 0, "heuristic": ["ruby"]}
COLUMNS = ("path", "role", "component")


def content(edges, **said):
    """This function will make the document of a map that has these edges."""
    ends = sorted({end for edge in edges for end in edge[:2] if not end.endswith("/")})
    files = [[path, said.get("roles", {}).get(path, ""), path.split("/")[0]] for path in ends]
    return {"columns": COLUMNS, "files": files, "edges": [list(edge) for edge in edges]}


def asked(edges, *paths, **said):
    """This function will give the impact of paths on a map that has these edges."""
    return impact.of_content(content(edges, **said), "c" * 40, paths, COUNTS)


def run(*arguments, capsys):
    """This function will run the command and give its JSON."""
    call_command("impact", *map(str, arguments), "--json")
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("seed", range(20))
def test_distances_are_those_of_another_program_and_proofs_are_chains_of_edges(seed):
    chance = random.Random(seed)  # noqa: S311
    pairs = {(chance.randrange(30), chance.randrange(30)) for _ in range(45)}
    edges = [(f"{a:02}", f"{b:02}", "import", [a + 1]) for a, b in sorted(pairs) if a != b]
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(30))
    graph.add_edges_from([(int(dst), int(src), 1) for src, dst, _, _ in edges])
    oracle = rustworkx.dijkstra_shortest_path_lengths(graph, int(edges[0][1]), float)

    found = asked(edges, edges[0][1])

    assert {one.place.path: one.distance for one in found.affected} == {
        f"{node:02}": far for node, far in oracle.items() if node != int(edges[0][1])
    }
    for one in found.affected:
        assert len(one.proof) == one.distance
        assert one.via[0] == one.place.path
        assert one.via[-1] == edges[0][1]
        steps = {(step.src, step.dst, step.kind, (step.line,)) for step in one.proof}
        assert steps <= {(*edge[:3], tuple(edge[3])) for edge in edges}
        assert one.via[1:] == [step.dst for step in one.proof]


def test_tests_come_first_within_a_distance_and_nearer_ones_before_them():
    edges = [
        ("a.py", "x.py", "import", [1]),
        ("z_test.py", "x.py", "import", [2]),
        ("b_test.py", "a.py", "import", [3]),
    ]

    found = asked(edges, "x.py", roles={"z_test.py": roles.TEST, "b_test.py": roles.TEST})

    assert [one.place.path for one in found.affected] == ["z_test.py", "a.py", "b_test.py"]
    assert found.tests == 2


def test_a_package_is_walked_through_and_shown_as_what_it_is():
    edges = [
        ("cmd/main.go", "store/", "import", [5]),
        ("store/", "store/disk.go", "part", [1]),
    ]

    found = asked(edges, "store/disk.go")

    assert [(one.place.path, one.place.kind, one.distance) for one in found.affected] == [
        ("store/", "package", 1),
        ("cmd/main.go", "file", 2),
    ]
    assert [step.kind for step in found.affected[1].proof] == ["import", "part"]
    assert any("same package" in said for said in found.not_covered)


def test_what_no_map_sees_and_what_this_one_left_out_is_said():
    found = asked([("a", "b", "import", [1])], "b")

    assert found.not_covered[:4] == list(impact.BLIND)
    assert found.not_covered[4:] == [
        "files not parsed: 2 (binary)",
        "unresolved imports: 1",
        "imports found by heuristic: ruby",
    ]


def test_a_chain_longer_than_any_proof_is_cut_not_repeated():
    edges = [(f"{n:04}", f"{n + 1:04}", "import", [1]) for n in range(3000)]

    found = asked(edges, "3000")

    assert found.affected[-1].distance == 3000
    assert len(found.affected[-1].proof) == impact.LONGEST_PROOF


@pytest.mark.django_db
def test_rows_and_document_give_the_same_impact(origin):
    names = [f"shop/m{number}.py" for number in range(12)]
    chance = random.Random(7)  # noqa: S311
    origin.commit(
        {
            name: "".join(f"from shop import m{chance.randrange(12)}\n" for _ in range(2))
            for name in names
        }
    )
    repository = mapped.registered(origin)
    shown = repository.current_map

    for paths in (["shop/m3.py"], ["./shop/m1.py", "shop/views.py"], ["shop"], ["nowhere"]):
        by_rows = impact.of_map(shown, paths)

        assert by_rows == impact.of_content(shown.content(), shown.commit, paths, shown.counts)
    assert impact.of_map(shown, ["shop/m3.py"]).affected


@pytest.mark.django_db
def test_a_path_that_is_not_on_the_map_is_one_line(origin, capsys):
    repository = mapped.registered(origin)

    with pytest.raises(SystemExit) as ended:
        run(repository.pk, "shop/none.py", capsys=capsys)

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.count("\n") == 1
    assert "'shop/none.py' is not on the map" in said


@pytest.mark.django_db
def test_a_diff_asks_the_older_map_who_needed_what_is_gone(origin, capsys):
    repository = mapped.registered(origin)
    old = repository.head_commit
    new = origin.commit(
        {"shop/models.py": None, "shop/carts.py": "import json\n", "shop/urls.py": "x = 1\n"}
    )
    mapped.map_newest(origin, repository)

    found = run(repository.pk, "--diff", f"{old[:12]}..{new}", capsys=capsys)

    assert {(one["path"], one["status"], one["on_map"]) for one in found["changed"]} == {
        ("shop/models.py", "deleted", True),
        ("shop/carts.py", "added", True),
        ("shop/urls.py", "changed", True),
    }
    assert [(one["path"], one["commit"], one["via"]) for one in found["affected"]] == [
        ("shop/views.py", old, ["shop/views.py", "shop/models.py"])
    ]


@pytest.mark.django_db
def test_a_patch_on_stdin_is_about_files_as_they_are_now(origin, capsys, monkeypatch):
    repository = mapped.registered(origin)
    (origin.path / "shop/models.py").rename(origin.path / "shop/carts.py")
    origin.git("add", "--all")
    patch = origin.git("diff", "--cached", "-M").encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(patch)))

    found = run(repository.pk, "--diff", "-", capsys=capsys)

    renamed = {"path": "shop/carts.py", "status": "renamed", "on_map": True}
    assert found["changed"] == [renamed | {"from": "shop/models.py"}]
    assert [one["path"] for one in found["affected"]] == ["shop/views.py", "shop/urls.py"]


@pytest.mark.django_db
def test_wrong_arguments_are_one_line_each(origin, capsys):
    repository = mapped.registered(origin)

    for arguments in (
        (),
        ("x.py", "--diff", "-"),
        ("--diff", "abcdef"),
        ("--diff", "beef..cafe"),
        ("x.py", "--limit=-1"),
        ("x.py", "--at", "no-commit"),
        ("--at", "beef", "--diff", "beef..cafe"),
    ):
        with pytest.raises(SystemExit) as ended:
            run(repository.pk, *arguments, capsys=capsys)

        assert ended.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1, arguments
