"""Hosts that are slow, broken or hostile: each is given up, with a class, and nothing is left."""

import gzip
import itertools
import socket
import struct
import time

import pytest

from jobs.failures import Anticipated, FailureClass
from jobs.process import Limits
from projects.git import complaints
from projects.git.door import TimedOut, Watch
from tests.projects import hosting
from tests.projects.origins import until
from tests.projects.test_git import QUICK, bring, living, nothing_is_left

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n"
    b"Cache-Control: no-cache\r\n"
)
BEGIN = b"001e# service=git-upload-pack\n0000"
ID = b"1" * 40


def trickle(connection):
    """One byte after the other, for ever."""
    connection.recv(4096)
    connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
    for number in itertools.count():
        connection.sendall(BEGIN[number % len(BEGIN) :][:1])
        time.sleep(0.05)


def reset(connection):
    """Breaks off as a dead router does."""
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def garbage(connection):
    """Says what is no git."""
    connection.recv(4096)
    connection.sendall(HEAD + b"Content-Length: 4000\r\n\r\n" + b"\xff\x00zzzz" * 1000)


def no_http(connection):
    """Says what is no http."""
    connection.recv(4096)
    connection.sendall(b"\x00\x01\x02" * 100)


def cut(connection):
    """Ends in the middle of what it announced."""
    connection.recv(4096)
    connection.sendall(HEAD + b"Content-Length: 4000\r\n\r\n" + BEGIN)


def a_web_page(connection):
    """Answers as a log-in page does."""
    connection.recv(4096)
    text = b"<!doctype html>\n<html lang=en><title>Please log in to go on</title>\n</html>\n"
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(text)
        + text
    )


def endless(connection):
    """Names references without end."""
    connection.recv(4096)
    connection.sendall(HEAD + b"\r\n" + BEGIN)
    line = ID + b" refs/heads/%s\n" % (b"b" * 200)
    many = (b"%04x" % (len(line) + 4) + line) * 10_000
    while True:
        connection.sendall(many)


@pytest.fixture
def faulty(certificate, settings, into, request):
    """This fixture will serve as the parameter says, and give the address."""
    settings.FACTORY_GIT_CA = str(certificate)
    with hosting.raw_host(certificate, request.param) as address:
        settings.FACTORY_GIT_HOSTS = [address]
        yield f"https://{address}/shop.git"


@pytest.mark.parametrize(
    ("faulty", "kinds"),
    [
        (reset, (complaints.Unreachable,)),
        (garbage, (complaints.NotGit,)),
        (no_http, (complaints.NotGit,)),
        (cut, (complaints.Unreachable,)),
        (a_web_page, (complaints.NotGit,)),
    ],
    indirect=["faulty"],
    ids=["reset", "garbage", "no-http", "cut", "web-page"],
)
def test_a_broken_host_has_a_sentence_of_its_own(faulty, kinds, into):
    with pytest.raises(kinds) as failure:
        bring(faulty, into)

    assert str(failure.value).isprintable()
    assert nothing_is_left(into)


@pytest.mark.parametrize("faulty", [trickle], indirect=True)
def test_a_trickling_host_is_ended_at_the_deadline_with_its_whole_group(faulty, into):
    pids = []
    began = time.monotonic()

    with pytest.raises(TimedOut, match="took longer than 1 s") as failure:
        bring(faulty, into, watch=Watch(deadline_s=1, idle_s=30, on_start=pids.append))

    assert failure.value.failure_class == FailureClass.TIMEOUT
    assert time.monotonic() - began < 20
    until(lambda: not living(pids[0]))
    assert nothing_is_left(into)


def test_a_host_that_keeps_below_a_thousand_bytes_a_second_is_too_slow():
    said = "error: RPC failed; curl 28 Operation too slow. Less than 1000 bytes/sec transferred"

    assert type(complaints.failure("clone", 128, said)) is TimedOut


@pytest.mark.parametrize("faulty", [endless], indirect=True)
def test_a_host_that_names_references_without_end_meets_a_limit(faulty, into):
    watch = Watch(deadline_s=30, idle_s=30, limits=Limits(memory_mb=256, cpu_s=20, file_mb=64))

    with pytest.raises((complaints.TooLarge, TimedOut)):
        bring(faulty, into, watch=watch)

    assert nothing_is_left(into)


def test_an_answer_that_unfolds_to_gigabytes_meets_a_limit(certificate, settings, into):
    bomb = gzip.compress(BEGIN + b"\0" * (1 << 28), 9)

    def unfold(connection):
        connection.recv(4096)
        head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (len(bomb))
        connection.sendall(HEAD + head + bomb)

    settings.FACTORY_GIT_CA = str(certificate)
    with hosting.raw_host(certificate, unfold) as address:
        settings.FACTORY_GIT_HOSTS = [address]
        # What git says depends on which of its parts gets no more memory.
        with pytest.raises((complaints.TooLarge, complaints.Unreachable, complaints.NotGit)):
            bring(
                f"https://{address}/shop.git",
                into,
                watch=Watch(deadline_s=30, idle_s=30, limits=Limits(memory_mb=192, cpu_s=20)),
            )

    assert nothing_is_left(into)


def _advertised(*lines):
    """A host that answers every question with these references."""

    def serve(connection):
        text = BEGIN
        for line in lines:
            text += b"%04x" % (len(line) + 4) + line
        text += b"0000"
        connection.recv(4096)
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(text) + text)

    return serve


@pytest.mark.parametrize(
    "name",
    [b"--upload-pack=id", b"*", b"a:refs/heads/b", b"../../x", b"x\x1b[31m", b"a\xff", b"-x"],
)
def test_a_host_whose_own_branch_has_a_hostile_name_brings_nothing(
    certificate, settings, origin, into, name
):
    """The clone stands already; what the host says now must become no option and no pattern."""
    bring(origin.path, into)
    before = sorted(path for path in into.rglob("*") if path.is_file())
    ref = b"refs/heads/" + name
    serve = _advertised(ID + b" HEAD\0symref=HEAD:" + ref + b" agent=x\n", ID + b" " + ref + b"\n")
    settings.FACTORY_GIT_CA = str(certificate)
    with hosting.raw_host(certificate, serve) as address:
        settings.FACTORY_GIT_HOSTS = [address]
        with pytest.raises(Anticipated) as failure:
            bring(f"https://{address}/shop.git", into)

    assert str(failure.value).isprintable()
    after = sorted(path for path in into.rglob("*") if path.is_file())
    assert [path.name for path in after if path.name not in ("FETCH_HEAD",)] == [
        path.name for path in before
    ]


def test_what_the_other_side_says_of_its_disk_is_not_about_ours():
    said = "remote: error: No space left on device\nfatal: early EOF\n"

    assert type(complaints.failure("clone", 128, said)) is complaints.Unreachable
    assert type(complaints.failure("clone", 128, "fatal: No space left on device")) is (
        complaints.DiskFull
    )
    assert QUICK.limits.memory_mb is not None
