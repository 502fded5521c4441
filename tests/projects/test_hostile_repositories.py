"""Repositories made to harm: bombs, odd names, what wants to run, what points elsewhere."""

import hashlib
import resource
import zlib
from contextlib import contextmanager
from dataclasses import replace

import pytest

from jobs.failures import FailureClass
from jobs.process import Limits
from projects.git import complaints, reading
from projects.git.door import TimedOut
from tests.projects.origins import Origin
from tests.projects.test_git import QUICK, bring, nothing_is_left

HIDDEN = "‮gpj.exe"  # shown from right to left
NAMES = {
    "control": b"a\x1b[31mred\x07.py",
    "newline": b"a\nb.py",
    "tab": b"a\tb.py",
    "bidi": HIDDEN.encode(),
    "not utf-8": b"caf\xe9.py",
    "an option": b"--upload-pack=touch x",
    "a hyphen": b"-rf",
    "quotes": b"a\"b'c`d$(e).py",
    "space": b" ",
    "very long": b"x" * 4000,
}
REFUSED = {
    "dot git": b".git",
    "capitals": b".GIT",
    "short name of old Windows": b"git~1",
    "ignored by a Mac": ".g‌it".encode(),
    "parent": b"..",
    "itself": b".",
    "slash": b"a/b",
    "nothing": b"",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_an_odd_name_is_brought_as_it_is_and_listed(origin, into, name):
    blob = origin.blob(b"x")
    commit = origin.commit_tree(f"100644 blob {blob}\t".encode() + name + b"\0")

    bring(origin.path, into)

    assert [entry.path for entry in reading.tree(into, commit, QUICK)] == [name]


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
def test_a_name_that_could_leave_the_tree_is_refused(origin, into, name):
    content = b"100644 " + name + b"\0" + bytes.fromhex(origin.blob(b"x"))
    tree = origin.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=content)
    origin.git("update-ref", "HEAD", origin.git("commit-tree", tree, "-m", "bad"))

    with pytest.raises(complaints.Malformed) as failure:
        bring(origin.path, into)

    assert failure.value.failure_class == FailureClass.INVALID_INPUT
    assert nothing_is_left(into)


def test_submodules_lfs_and_filters_are_only_text(origin, into, tmp_path):
    """Each would touch a file, or fetch, if anything of it ran."""
    touched = tmp_path / "touched"
    (tmp_path / "sub").mkdir()
    origin.git("config", "filter.lfs.smudge", f"touch {touched}")
    gitmodules = f"[submodule 's']\n\tpath = s\n\turl = {tmp_path}/sub\n\tupdate = none\n"
    origin.commit(
        {".gitmodules": gitmodules, ".gitattributes": "* filter=lfs diff=lfs merge=lfs\n"}
    )
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:%b\nsize 9\n" % (b"a" * 64)
    listing = f"160000 commit {'1' * 40}\ts\x00100644 blob {origin.blob(pointer)}\tbig.bin\0"
    commit = origin.commit_tree(listing.encode())

    bring(origin.path, into)

    assert not touched.exists()
    assert not (into / "modules").exists()
    assert not (into / "lfs").exists()
    entries = {entry.path: entry.mode for entry in reading.tree(into, commit, QUICK)}
    assert entries == {b"big.bin": "100644", b"s": "160000"}


@pytest.mark.parametrize("url", ["-u./payload", "--upload-pack=id"])
def test_a_submodule_that_is_an_option_is_refused(origin, into, url):
    origin.commit({".gitmodules": f'[submodule "s"]\n\tpath = s\n\turl = {url}\n'})

    with pytest.raises(complaints.Malformed):
        bring(origin.path, into)

    assert nothing_is_left(into)


def test_a_link_out_of_the_tree_is_a_blob(origin, into):
    target = origin.blob(b"/etc/passwd")
    commit = origin.commit_tree(f"120000 blob {target}\tlink\0".encode())

    bring(origin.path, into)

    assert not any(path.is_symlink() for path in into.rglob("*"))
    assert reading.tree(into, commit, QUICK)[0].mode == "120000"


def _huge(origin, megabytes):
    """A blob that is a thousand times larger than what travels."""
    size = megabytes << 20
    packer = zlib.compressobj(1)
    head = b"blob %d\0" % size
    digest = hashlib.sha1(head, usedforsecurity=False)
    packed = [packer.compress(head)]
    block = b"\0" * (1 << 20)
    for _ in range(megabytes):
        digest.update(block)
        packed.append(packer.compress(block))
    packed.append(packer.flush())
    name = digest.hexdigest()
    path = origin.path / ".git/objects" / name[:2] / name[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(packed))
    return name


def test_a_pack_that_unfolds_a_thousandfold_stays_small_and_is_not_held_in_memory(origin, into):
    commit = origin.commit_tree(f"100644 blob {_huge(origin, 256)}\tbomb\0".encode())

    bring(origin.path, into, watch=replace(QUICK, limits=Limits(memory_mb=200, file_mb=64)))

    size = sum(path.stat().st_size for path in into.rglob("*") if path.is_file())
    assert size < 8 << 20
    assert reading.tree(into, commit, QUICK)[0].size == 256 << 20


def test_a_pack_that_takes_more_than_its_share_of_the_processor_is_ended(origin, into):
    origin.commit_tree(f"100644 blob {_huge(origin, 384)}\tbomb\0".encode())

    kinds = (TimedOut, complaints.GitFailed)  # whichever of git's processes it was
    with pytest.raises(kinds, match="processor time"):
        bring(origin.path, into, watch=replace(QUICK, limits=Limits(cpu_s=1)))

    assert nothing_is_left(into)


@contextmanager
def _small_stack():
    """A stack that ends after 128 KB: git's then ends at a depth that is soon made."""
    before = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 17, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_STACK, before)


def test_a_tree_deeper_than_git_can_follow_has_a_sentence(tmp_path):
    """Git descends by recursion until its stack ends: with 8 MB of it that is level 30,000."""
    origin = Origin(tmp_path / "deep")
    stream = [b"commit refs/heads/main\ncommitter A <a@example.org> 0 +0000\ndata 1\nx\n"]
    stream.append(b"M 100644 inline " + b"a/" * 1500 + b"f\ndata 1\nx\n")
    origin.git("fast-import", "--quiet", stdin=b"".join(stream))
    commit = origin.git("rev-parse", "main")

    expected = pytest.raises(complaints.TooLarge, match="built deeper than git can follow")
    with _small_stack(), expected:
        reading.tree(origin.path / ".git", commit, QUICK)


def test_a_hundred_thousand_references_stay_where_they_are(origin, into):
    """One branch is asked for: what else a host has is not brought."""
    commit = origin.git("rev-parse", "HEAD")
    packed = "".join(f"{commit} refs/heads/b{n:06}\n" for n in range(100_000))
    (origin.path / ".git/packed-refs").write_text("# pack-refs with: sorted\n" + packed)

    assert bring(origin.path, into) == commit

    assert len((into / "packed-refs").read_text().splitlines()) < 5


def test_a_message_of_the_host_reaches_no_terminal_and_no_sentence_raw():
    failure = complaints.failure("fetch", 1, "fatal: odd \x1b]0;title\x07 \u202e\x9b31m\n")

    assert str(failure).isprintable()
