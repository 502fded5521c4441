"""Exports: every edge, in forms that other programs read, whatever the names are."""

import itertools
import json
import re
import xml.etree.ElementTree as ET

import pytest
from django.core.management import call_command

from projects import exports, textmap
from projects.mapping import roles
from projects.mapping.made import COLUMNS
from tests.projects import mapped

ABOUT = {"commit": "c" * 40}
NAMES = (
    'a"b.py',
    "back\\",
    "<x>&amp;.py",
    "end",
    "graph",
    "`m`|n|.py",
    '"\\377\\012.py"',
    "ü 水.py",
)
GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"


def content(names=NAMES, edges=None):
    """This function will make a document with these files, each needing the next."""
    rows = [[name, f"{n:040}", "Python", 1, n, 1, "", name] for n, name in enumerate(names)]
    edges = edges or [[src, dst, "import", [3, 17]] for src, dst in itertools.pairwise(names)]
    structure = {
        "components": [
            {"name": name, "language": "Python", "lines": 1, "files": 1} for name in ("", *names)
        ],
        "component_edges": [["", names[0], 4], [names[0], names[1], 2]],
    }
    return {"columns": COLUMNS, "files": rows, "edges": edges, "structure": structure}


def written(name, level="files", **said):
    """This function will export the document."""
    graph = exports.graph(content(**said), level, ABOUT)
    return "".join(exports.FORMATS[name].write(graph))


def test_json_has_every_node_and_edge_with_its_evidence():
    told = json.loads(written("json"))

    assert [node["id"] for node in told["nodes"]] == list(NAMES)
    assert told["links"][0] == {
        "source": NAMES[0],
        "target": NAMES[1],
        "kind": "import",
        "lines": [3, 17],
    }
    assert told["graph"] == {"commit": "c" * 40, "level": "files"}


def test_graphml_is_xml_with_the_names_as_they_are():
    root = ET.fromstring(written("graphml"))  # noqa: S314 — our own

    assert [node.get("id") for node in root.iter(f"{GRAPHML}node")] == list(NAMES)
    edges = [(edge.get("source"), edge.get("target")) for edge in root.iter(f"{GRAPHML}edge")]
    assert edges == list(itertools.pairwise(NAMES))
    keys = {key.get("id") for key in root.iter(f"{GRAPHML}key")}
    assert {data.get("key") for data in root.iter(f"{GRAPHML}data")} <= keys


def test_no_name_leaves_its_label_in_dot():
    lines = written("dot").splitlines()

    node = re.compile(r'  n\d+ \[label="(?:[^"\\]|\\.)*"\];')
    edge = re.compile(r'  n\d+ -> n\d+ \[label="3 17"\];')
    assert lines[1] == "digraph map {"
    assert len([line for line in lines if node.fullmatch(line)]) == len(NAMES)
    assert len([line for line in lines if edge.fullmatch(line)]) == len(NAMES) - 1
    assert len(lines) == 3 + 2 * len(NAMES) - 1


def test_no_name_leaves_its_label_in_mermaid():
    lines = written("mermaid").splitlines()[3:]

    assert all(re.fullmatch(r'  n\d+(\["[\w ./#;-]+"\]| -->\|2\| n\d+)', line) for line in lines)
    assert len(lines) == 2 * len(NAMES) - 1


def test_mermaid_shows_the_heaviest_edges_and_says_of_how_many():
    names = [f"m{n}" for n in range(40)]
    edges = [
        [src, dst, "import", [1] * (2 if src == "m7" else 1)]
        for src in names
        for dst in names
        if src != dst
    ]

    lines = written("mermaid", names=names, edges=edges).splitlines()

    assert f"showing {exports.MERMAID_EDGES} of 1560 edges" in lines[2]
    assert len([line for line in lines if " -->|2| " in line]) == 39


@pytest.mark.parametrize("name", exports.FORMATS)
def test_components_are_exported_and_the_nameless_one_is_a_dot(name):
    text = written(name, "components")

    assert "level=components" in text or '"level": "components"' in text
    assert re.search(r'["#]\.["]|"\."|>\.<|"#46;"', text)


def test_a_document_without_anything_is_exported():
    empty = {"files": [], "edges": []}

    for level in exports.LEVELS:
        for one in exports.FORMATS.values():
            assert "".join(one.write(exports.graph(empty, level, ABOUT)))


@pytest.mark.parametrize("most", [200, 201, 250, 400, 1000, 100_000])
def test_a_text_map_never_exceeds_its_budget(most):
    names = [f"{'ü水x/-'[n % 5] * (1 + n * 7 % 90)}/{n}.py" for n in range(300)]
    defined = [["class", "K" * n, n] for n in range(1, 60)]

    made = textmap.write(
        content(names), "title", most, lambda wanted: {one[0]: defined for one in wanted}
    )

    assert textmap.tokens(made.text) == made.tokens <= most
    assert made.text.count(" lines, needed by ") == made.files <= made.files_all == 300
    assert made.files > 0


def test_central_files_come_first_and_tests_have_no_vote():
    names = ["core.py", "a.py", "b.py", "used_by_tests.py", "t1.py", "t2.py", "t3.py"]
    edges = [[src, "core.py", "import", [1]] for src in ("a.py", "b.py")]
    edges += [[src, "used_by_tests.py", "import", [1]] for src in ("t1.py", "t2.py", "t3.py")]
    document = content(names, edges)
    for row in document["files"][4:]:
        row[6] = roles.TEST

    text = textmap.write(document, "title", 4000, lambda wanted: {}).text

    assert text.splitlines()[2].startswith("core.py ")
    assert "t1.py" not in text


@pytest.mark.django_db
def test_the_command_exports_and_writes_for_agents(origin, capsys):
    repository = mapped.registered(origin)
    call_command("map", str(repository.pk), "--export", "json")
    exported = json.loads(capsys.readouterr().out)
    call_command("map", str(repository.pk), "--text", "--tokens", "300", "--json")
    kept = json.loads(capsys.readouterr().out)
    call_command("map", str(origin.path), "--once", "--text", "--tokens", "300")
    made = capsys.readouterr().out

    assert {link["source"] for link in exported["links"]} == {"shop/views.py", "shop/urls.py"}
    assert "defines Cart:3 add:4" in kept["text"]
    assert kept["text"].splitlines()[1:] == made.splitlines()[1:]


@pytest.mark.django_db
def test_wrong_arguments_of_an_export_are_one_line_each(origin, capsys):
    repository = mapped.registered(origin)

    for arguments in (
        ("--export", "png"),
        ("--export", "dot", "--level", "planets"),
        ("--text", "--tokens", "3"),
        ("--text", "--export", "dot"),
        ("--text", "--edges"),
    ):
        with pytest.raises(SystemExit) as ended:
            call_command("map", str(repository.pk), *arguments)

        assert ended.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1, arguments
