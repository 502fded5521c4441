"""Go's own library and commands, and whole repositories, beside what `go list` says of them.

The checked-out repositories are named by ORACLE_TREES, as in `test_ecmascript`. Build constraints
are those of linux/amd64: only files that `go list` names are compared, since a map leaves out none.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.projects import go_list
from tests.projects.go_list import Listed
from tests.projects.origins import Origin
from tests.projects.test_mapping import mapped

TREES = [Path(name) for name in os.environ.get("ORACLE_TREES", "").split()]
GATE = 0.995


def test_the_edges_of_go_itself_are_those_of_go_list(tmp_path: Path) -> None:
    """What is missing is imported by generated files that are too large to be read."""
    origin = Origin(tmp_path / "origin")
    shutil.copytree(go_list.ROOT / "src", origin.path / "src", ignore=_other_files)
    origin.commit({})

    theirs = go_list.listed(go_list.ROOT, "src", "std", "cmd", GOFLAGS="")

    _compare("go", mapped(origin), theirs)


@pytest.mark.parametrize("place", TREES, ids=lambda place: place.name)
def test_the_edges_of_a_repository_are_those_of_go_list(place: Path, tmp_path: Path) -> None:
    """Modules of a workspace are listed together, all others one by one."""
    made = mapped(_copied(place, tmp_path / "origin"))
    modules = sorted(path.parent for path in place.rglob("go.mod") if _is_built(path, place))
    if not modules:
        pytest.skip("no module of Go here")

    theirs = Listed()
    for module in modules:
        flags = "" if (module / "vendor/modules.txt").exists() else "-mod=mod"
        inside = module.relative_to(place).as_posix()
        found = go_list.listed(place, inside, "./...", GOFLAGS=flags)
        theirs.folders |= found.folders
        theirs.files |= found.files
        theirs.needs |= found.needs

    _compare(place.name, made, theirs)


def _is_built(path: Path, place: Path) -> bool:
    parts = path.relative_to(place).parts[:-1]
    return not any(name in ("testdata", "vendor") or name[:1] in "._" for name in parts)


def _compare(name: str, made, theirs: Listed) -> None:
    found = go_list.ours(made.edges, theirs)
    for of_tests in (False, True):
        ours, listed = found[of_tests], theirs.pairs(of_tests)
        right = len(ours & listed)
        precision, recall = right / (len(ours) or 1), right / (len(listed) or 1)
        what = "of tests" if of_tests else "of sources"
        sys.stdout.write(
            f"\n{name}: {len(ours)} edges {what}, {len(listed)} of go list; "
            f"precision {precision:.4f}, recall {recall:.4f}\n"
        )
        for who, pairs in (("only ours", ours - listed), ("only go list's", listed - ours)):
            sys.stdout.writelines(f"  {who}: {src} -> {dst}\n" for src, dst in sorted(pairs)[:20])
        assert not listed or min(precision, recall) >= GATE


def _copied(place: Path, to: Path) -> Origin:
    shutil.copytree(place, to, ignore=_other_files)
    origin = Origin(to)
    origin.commit({})
    return origin


def _other_files(folder: str, names: list[str]) -> list[str]:
    return [
        name
        for name in names
        if name == ".git"
        or os.path.islink(os.path.join(folder, name))
        or not (
            name.endswith((".go", "go.mod", "go.work")) or os.path.isdir(os.path.join(folder, name))
        )
    ]
