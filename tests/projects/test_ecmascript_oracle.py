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
_LARGE = shutil.ignore_patterns("lodash.*", "core.*", "fp")  # the same again, in one file
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


def test_the_edges_of_real_packages_are_those_of_typescript(tmp_path):
    """One of TypeScript's modules, one of Node's."""
    trees = [_copied(package, tmp_path / package) for package in ("rxjs/src", "lodash")]

    for tree, theirs in zip(trees, ecmascript.theirs(trees), strict=True):
        ours = tree.ours()
        assert len(theirs) > 900
        assert len(ours & theirs) / len(ours) >= 0.999, sorted(ours - theirs)[:5]
        assert len(ours & theirs) / len(theirs) >= 0.999, sorted(theirs - ours)[:5]


def _copied(package, to):
    root = shutil.copytree(ecmascript.INSTALLED / package, to, ignore=_LARGE)
    paths = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return Tree(root, sorted(path for path in paths if path.endswith(SUFFIXES)))


def _written(root, sources):
    for path, text in sources.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    tree = Tree(root, sorted(sources))
    tree.install()
    return tree
