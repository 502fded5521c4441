"""Imports of JavaScript and TypeScript, beside what TypeScript itself makes of them."""

import shutil

import pytest

from tests.oracles import ecmascript
from tests.oracles.ecmascript import Tree
from tests.projects.test_ecmascript_names import CASES

pytestmark = pytest.mark.skipif(
    not (ecmascript.INSTALLED / "installed").exists(),
    reason="npm is not installed, so TypeScript is not",
)
SUFFIXES = (".js", ".ts", ".json")
# What a map shows and TypeScript does not: files that are no scripts, and what a build would write.
BEYOND = {
    "what is built, by what it is built from": "the files a build would write are not there",
    "a member by pnpm's list, a fixture's package by nobody's": "only npm's workspaces are linked",
}


def test_the_cases_are_those_typescript_decides_alike(tmp_path):
    trees = {
        name: _written(tmp_path / str(number), sources)
        for number, (name, (sources, _)) in enumerate(CASES.items())
        if name not in BEYOND
    }

    found = dict(zip(trees, ecmascript.theirs(trees.values()), strict=True))

    assert {name: edges for name, edges in found.items() if edges != trees[name].ours()} == {}


@pytest.mark.parametrize(("package", "edges"), [("rxjs/src", 900), ("lodash", 1000)])
def test_the_edges_of_real_packages_are_those_of_typescript(package, edges, tmp_path):
    """One of TypeScript's modules, one of Node's."""
    root = shutil.copytree(ecmascript.INSTALLED / package, tmp_path / "tree")
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    tree = Tree(root, sorted(path for path in paths if path.endswith(SUFFIXES)))

    ours, theirs = tree.ours(), ecmascript.theirs([tree])[0]

    assert len(theirs) > edges
    assert len(ours & theirs) / len(ours) >= 0.999, sorted(ours - theirs)[:5]
    assert len(ours & theirs) / len(theirs) >= 0.999, sorted(theirs - ours)[:5]


def _written(root, sources):
    for path, text in sources.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    tree = Tree(root, sorted(sources))
    tree.install()
    return tree
