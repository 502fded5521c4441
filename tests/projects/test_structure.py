"""What a repository is made of: components, layers, cycles, and what its files declare."""

from dataclasses import replace

import pytest

from projects.mapping import files, structure
from projects.mapping.edges import Edges, EdgeTable
from projects.mapping.made import IMPORT, PART, MapFile
from projects.mapping.structure import components, layers, marks

KINDS = IMPORT, PART
PACKAGE = {"manifest.pyproject": {"packages/ui/pyproject.toml": {"name": "@shop/ui"}}}
TREE = [
    "README.md",
    "setup.py",
    *(f"shop/orders/{name}.py" for name in "abcdef"),
    *(f"shop/stock/{name}.py" for name in "abcdef"),
    "shop/orders/forms/new.py",
    "shop/__init__.py",
    *(f"packages/ui/src/{name}.py" for name in "ab"),
    "packages/ui/pyproject.toml",
    "packages/readme.txt",
    "docs/index.rst",
    *(f"tests/test_{number}.py" for number in range(40)),
]


def surveyed(paths):
    """This function will make files as a survey of a tree finds them."""
    return [
        files.File(path, path, "0", 1, "Python" if path.endswith(".py") else "Text", "", role)
        for path in paths
        for role in ["test" if path.startswith("tests/") else ""]
    ]


def homes(paths, manifests=PACKAGE):
    """This function will give the component of each path."""
    return components.assign(surveyed(paths), manifests).homes


def table(edges):
    """This function will make the edges of a map, each in line 1."""
    by_kind = [(kind, Edges((*ends, 1) for *ends, one in edges if one == kind)) for kind in KINDS]
    return EdgeTable.of(
        [(kind, some, {name: name for name in some.names}) for kind, some in by_kind]
    )


def described(paths, edges, manifests=PACKAGE, said=None):
    """This function will describe a tree of files of ten lines."""
    found = components.assign(surveyed(paths), manifests)
    mapped = [
        MapFile(path, "0", "Python", 1, 10, 0, "", "", found.homes[path]) for path in sorted(paths)
    ]
    return structure.describe(structure.Found(mapped, table(edges), found, said or {}, manifests))


def test_declared_packages_and_top_folders_are_components_and_the_largest_is_opened():
    found = components.assign(surveyed(TREE), PACKAGE)

    assert found.roots == {
        "": ("", False),
        "@shop/ui": ("packages/ui", True),
        "docs": ("docs", False),
        "packages": ("packages", False),
        "shop": ("shop", False),
        "shop/orders": ("shop/orders", False),
        "shop/stock": ("shop/stock", False),
        "tests": ("tests", False),
    }
    assert found.homes["shop/orders/a.py"] == "shop/orders"
    assert found.homes["packages/ui/src/a.py"] == "@shop/ui"
    assert found.homes["README.md"] == ""


def test_a_file_that_is_added_removed_or_renamed_moves_no_other():
    before = homes(TREE)
    folders = sorted({path.rpartition("/")[0] for path in TREE})
    edits = [[*TREE, f"{folder}/new.py".lstrip("/")] for folder in [*folders, "brand/new"]]
    edits += [[path for path in TREE if path != gone] for gone in TREE if "pyproject" not in gone]
    edits += [
        [path if path != old else f"shop/stock/{old[-6:]}" for path in TREE]
        for old in TREE
        if "pyproject" not in old
    ]

    for edit in edits:
        after = homes(edit)
        assert {path: home for path, home in after.items() if before.get(path, home) != home} == {}


def test_two_packages_of_one_name_are_told_apart_by_their_paths():
    twins = {"manifest.cargo_toml": {f"{at}/Cargo.toml": {"name": "core"} for at in "ab"}}

    found = components.assign(surveyed(["a/Cargo.toml", "b/Cargo.toml"]), twins)

    assert found.roots == {"a": ("a", True), "b": ("b", True)}


def test_a_tree_of_a_thousand_folders_in_each_other_is_opened_so_far():
    assert len(set(homes([f"{'d/' * 1000}{name}.py" for name in "ab"]).values())) == 1


def test_edges_between_components_are_counted_and_packages_belong_to_their_files():
    edges = [
        ("shop/orders/a.py", "shop/stock/", "import"),
        ("shop/orders/b.py", "shop/stock/a.py", "import"),
        ("shop/orders/b.py", "shop/orders/a.py", "import"),
        ("shop/stock/", "shop/stock/a.py", "part"),
    ]

    found = described(TREE, edges)

    assert found["component_edges"] == [["shop/orders", "shop/stock", 2]]
    assert found["layers"][1] == ["shop/orders"]
    assert found["component_cycles"] == found["cycles"] == []
    assert found["components"][6] == {
        "name": "shop/stock",
        "path": "shop/stock",
        "declared": False,
        "files": 6,
        "lines": 60,
        "language": "Python",
    }


def test_layers_stand_above_all_they_need_and_a_cycle_stands_together():
    edges = [("web", "core"), ("core", "db"), ("db", "core"), ("web", "log"), ("core", "log")]

    assert layers.layers(["web", "core", "db", "log"], edges) == [["log"], ["core", "db"], ["web"]]


def test_marks_are_sorted_and_name_the_framework_where_the_language_knows_it():
    said = {"b.py": [("entry", "main", 9), ("route:flask", "/x", 3)], "a.py": [("route", "/", 1)]}

    assert marks.routes(said) == [
        {"path": "a.py", "line": 1, "route": "/", "framework": ""},
        {"path": "b.py", "line": 3, "route": "/x", "framework": "flask"},
    ]
    assert marks.entry_points(said) == [{"path": "b.py", "line": 9, "what": "main"}]


def test_marks_of_tests_are_not_those_of_the_product():
    said = {"a.py": [("entry", "main", 1)], "tests/a.py": [("entry", "main", 1)]}
    mapped = [MapFile(path, "0", "Python", 1, 1, 0, "", "", "") for path in said]
    mapped[1] = replace(mapped[1], role="test")

    assert list(marks.of_own(mapped, said)) == ["a.py"]


def test_texts_nobody_can_print_are_quoted_and_endless_ones_end():
    said = {"a.py": [("route:flask", "/\u202eevil\0", 1), ("entry", "x" * 9000, 2)]}

    found = described(["a.py"], [], {"manifest.pyproject": {}}, said)

    assert found["routes"][0]["route"] == "/\\342\\200\\256evil\\000"
    assert len(found["entry_points"][0]["what"]) == structure.LONGEST + 1


@pytest.mark.parametrize("name", ["a\nb", "x" * 301, "", ["list"], "\ud800"])
def test_a_package_with_an_impossible_name_is_called_by_its_path(name):
    found = homes(["lib/a.py"], {"manifest.pyproject": {"lib/pyproject.toml": {"name": name}}})

    assert found == {"lib/a.py": "lib"}
