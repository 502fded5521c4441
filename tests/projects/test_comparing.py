"""Which files a patch speaks of: what git itself says of the same commits."""

import os

import pytest

from projects.git import comparing, door, reading
from projects.git.comparing import Change

WATCH = door.Watch(limits=reading.READ_LIMITS)
NAMES = (
    b"plain.py",
    b"with space.py",
    "ünï.py".encode(),
    b"tab\there.py",
    b"bad\xff.py",
    b'quo"te.py',
    b"back\\slash.py",
    b"a/b c/d.py",
    b"new\nline.py",
    b"x b/x",
)


def write(origin, name, content):
    """This function will write a file of any name."""
    path = os.path.join(os.fsencode(origin.path), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


@pytest.fixture
def commits(origin):
    """This fixture will make two commits with changes of every kind and names of every kind."""
    for name in (*NAMES, b"gone.py", b"moved one.py"):
        write(origin, name, b"-- a/y\nline\n" * 9 + name)
    for name, content in ((b"empty", b""), (b"bin.dat", b"\0\1"), (b"mode.sh", b"echo\n")):
        write(origin, name, content)
    old = origin.commit({})
    for name in NAMES:
        write(origin, name, b"++ b/y\nother\n" * 9 + name)
    write(origin, b"bin.dat", b"\0\2")
    (origin.path / "moved one.py").rename(origin.path / "to there.py")
    (origin.path / "mode.sh").chmod(0o755)
    new = origin.commit({"gone.py": None, "empty": None, "new empty": "", "two words": "x\n"})
    return old, new


def test_a_patch_names_the_files_that_differ_between_its_commits(origin, commits):
    patch = origin.path / "patch"
    origin.git("diff", "-M", f"--output={patch}", *commits)

    said = comparing.between(origin.path / ".git", *commits, WATCH)

    assert set(comparing.in_patch(patch.read_bytes().split(b"\n"))) == set(said)
    assert len(said) == len(NAMES) + 6
    assert sorted({one.word for one in said}) == ["added", "changed", "deleted", "renamed"]


def test_a_patch_of_plain_diff_is_understood():
    patch = b"--- shop/a.py\t2026-01-01\n+++ shop/a.py\n@@ -1 +1,2 @@\n--- b\n+++ c\n+d\n"

    assert comparing.in_patch(patch.split(b"\n")) == [Change("shop/a.py", "shop/a.py")]
