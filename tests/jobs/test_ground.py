"""The ground floor: processes, redaction, plain values, failures and kinds."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError

from jobs import kinds, plain, process
from jobs.failures import POLICY, Anticipated, FailureClass, failure_of, retry_delay
from jobs.process import Limits
from jobs.redaction import MARK, redact
from tests.factory.conftest import wait_for
from tests.jobs.conftest import GONE_PID

PYTHON = sys.executable


def test_a_process_is_known_by_its_number_and_start() -> None:
    ticks = process.started_ticks(os.getpid())

    assert ticks
    assert process.alive(os.getpid(), ticks)
    assert not process.alive(os.getpid(), ticks - 1)
    assert not process.alive(GONE_PID, ticks)


def test_a_zombie_is_gone() -> None:
    child = process.start(["true"])

    assert wait_for(lambda: process.started_ticks(child.pid) is None)
    assert child.wait() == 0


def test_a_parent_is_known() -> None:
    assert process.parent(os.getpid()) == os.getppid()
    assert process.parent(GONE_PID) is None


def test_this_machine_and_its_boot_have_names() -> None:
    assert len(process.boot_id()) == 36
    assert process.host()
    assert 1 < process.rss_mb() < 100_000


def test_a_helper_leads_a_group_that_ends_with_it() -> None:
    child = process.start(["sh", "-c", "sleep 60 & echo $!; wait"])
    grandchild = int(child.stdout.readline())  # type: ignore[union-attr]

    status = child.end()

    assert status == -signal.SIGTERM
    assert wait_for(lambda: process.started_ticks(grandchild) is None)


def test_a_helper_that_ignores_sigterm_is_killed() -> None:
    child = process.start(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"])
    child.stdout.readline()  # type: ignore[union-attr]

    assert child.end(grace=0.2) == -signal.SIGKILL


def test_ending_what_is_gone_does_nothing() -> None:
    process.end_group(GONE_PID, signal.SIGTERM)
    process.limit(GONE_PID, Limits(cpu_s=1))

    assert process.started_ticks(GONE_PID) is None


@pytest.mark.parametrize(
    ("limits", "program"),
    [
        (Limits(memory_mb=200), "input(); bytearray(1 << 30)"),
        (Limits(file_mb=1), "input(); open('/dev/shm/factory-limit', 'wb').write(bytes(2 << 20))"),
    ],
    ids=["memory", "file"],
)
def test_a_helper_beyond_its_limit_fails(limits: Limits, program: str) -> None:
    child = process.start([PYTHON, "-c", program], limits=limits, stdin=process.PIPE)

    child.communicate(b"\n", timeout=60)

    assert child.returncode != 0


def test_a_helper_is_bounded_in_processor_time() -> None:
    child = process.start([PYTHON, "-c", "input()"], limits=Limits(cpu_s=7), stdin=process.PIPE)

    assert resource.prlimit(child.pid, resource.RLIMIT_CPU) == (7, 9)
    child.end()


def test_a_helper_gets_the_environment_it_is_given() -> None:
    child = process.start(["env"], env={"A": "1"})

    assert child.communicate()[0] == b"A=1\n"


SECRETS = [
    "https://ana:hunter2hunter2@example.org/x.git",
    "https://hunter2hunter2@example.org/x.git",
    "https://ana:hunter2hunter2:x@example.org/x.git",
    "ssh+git://ana:hunter2hunter2@example.org",
    "Authorization: Bearer hunter2hunter2",
    "authorization: Basic hunter2hunter2",
    "Authorization: token hunter2hunter2",
    "Authorization: Negotiate hunter2hunter2",
    "authorization=hunter2hunter2",
    '{"Authorization": "Bearer hunter2hunter2"}',
    "password=hunter2hunter2",
    "DB_PASSWORD: hunter2hunter2",
    "passwd = 'hunter2hunter2'",
    '{"client_secret": "hunter2hunter2", "n": 1}',
    "api-key=hunter2hunter2&x=1",
    "API_KEY=hunter2hunter2",
    "SECRET_KEY=hunter2hunter2",
    "AWS_SECRET_ACCESS_KEY=hunter2hunter2",
    "access_token=hunter2hunter2",
    "x ghp_hunter2hunter2hunter2 y",
    "x ghs_hunter2hunter2hunter2_ y",
    "TOKEN_ghp_hunter2hunter2hunter2",
    "github_pat_hunter2hunter2hunter2_x",
    "glpat-hunter2hunter2hunter2",
    "xoxb-1234567890-hunter2hunter2",
    "sk-ant-hunter2hunter2hunter2hunter2",
    "AKIAHUNTER2HUNTER2HU",
    "eyJhunter2hunter2.hunter2hunter2.hunter2hunter2",
    "-----BEGIN RSA PRIVATE KEY-----\nhunter2hunter2\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_taken_out_once_and_for_all(text: str) -> None:
    clean = redact(text)

    assert "hunter2" not in clean.lower()
    assert MARK in clean
    assert redact(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/ana/x.git",
        "git@example.org:ana/x.git",
        "Tokens are counted; the secret is out: no.",
        "12 tokens: 345",
        "task-abcdefghijklmnopqrstuvwxyz",
        "The password was refused.",
        "",
    ],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000 + "://",
        "a-" * 100_000 + "secret",
        "authorization:" + " " * 200_000,
        "://" * 70_000,
        "password" + " " * 200_000,
        "-----BEGIN PRIVATE KEY-----" * 8_000,
        "eyJ" + "a" * 200_000,
        "sk-" * 70_000,
    ],
    ids=["letters", "dashes", "spaces", "schemes", "pad", "keys", "jwt", "sk"],
)
def test_redaction_takes_time_in_proportion_to_the_text(text: str) -> None:
    began = time.process_time()

    redact(text)

    assert time.process_time() - began < 2


def test_plain_json_is_kept_as_it_is() -> None:
    assert plain.document({"ä": [1, None, "\\u0000"]}) == '{"ä": [1, null, "\\\\u0000"]}'


@pytest.mark.parametrize("value", ["\x00", "\\\x00", {"\x00": 1}, "\ud800", float("nan"), object()])
def test_what_postgresql_cannot_keep_is_not_plain(value: Any) -> None:
    with pytest.raises(plain.NotPlain):
        plain.document(value)


def test_deep_nesting_is_not_plain() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(plain.NotPlain, match="recursion"):
        plain.document(deep)


def test_nesting_is_kept_a_hundred_levels_deep_and_refused_below_that() -> None:
    nested: Any = {}
    for _ in range(49):
        nested = {"a": [nested, ()], "b": 1}
    kept = plain.document([nested])

    with pytest.raises(plain.NotPlain, match="it is nested deeper than 100 levels"):
        plain.document([[nested]])

    assert json.loads(kept) == json.loads(json.dumps([nested]))


class Refusal(Anticipated):
    failure_class = FailureClass.AUTH


@pytest.mark.parametrize(
    ("error", "failure_class", "message"),
    [
        (Refusal("No."), "auth", "No."),
        (Refusal(), "auth", "Refusal"),
        (Anticipated("Odd."), "unknown", "Odd."),
        (OperationalError("gone"), "transient-network", "The database did not answer: gone"),
        (InterfaceError("gone"), "transient-network", "The database did not answer: gone"),
        (DatabaseError("gone"), "transient-network", "The database did not answer: gone"),
        (MemoryError(), "resource-exhausted", "The job ran out of memory."),
        (KeyError("k"), "bug", "KeyError: 'k'"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_names_its_class_and_sentence(
    error: Exception, failure_class: str, message: str
) -> None:
    failed = failure_of(error)

    assert (failed.failure_class, failed.message) == (failure_class, message)


@pytest.mark.parametrize("failure_class", FailureClass)
def test_the_policy_decides_about_another_attempt(failure_class: FailureClass) -> None:
    assert (retry_delay(failure_class, 1) is None) == (failure_class not in POLICY)


def test_delays_grow_up_to_their_ceiling() -> None:
    class Latest(random.Random):
        def uniform(self, low: float, high: float) -> float:
            return high

    delays = [retry_delay("transient-network", n, rng=Latest()) for n in (1, 2, 3, 20, 30_000)]

    assert delays == [2, 4, 8, 300, 300]


def test_delays_are_spread() -> None:
    found = {retry_delay("timeout", 3) for _ in range(20)}

    assert len(found) == 20
    assert all(0 <= delay <= 40 for delay in found if delay is not None)


def test_a_kind_is_found_by_name_with_what_it_says_of_itself() -> None:
    kind = kinds.get("demo.noop")

    assert (kind.queue, kind.batch, kind.summary) == ("short", True, "Does nothing.")
    assert kind in kinds.all_kinds()


def test_a_name_is_registered_by_one_module(kind: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=r"kind demo\.noop: registered twice"):
        kind("demo.noop")(lambda run: None)


def test_a_kind_names_the_argument_that_does_not_fit() -> None:
    with pytest.raises(kinds.BadArguments, match=r"arguments of demo\.sleep: .*'minutes'"):
        kinds.get("demo.sleep").check({"minutes": 1})


@pytest.mark.parametrize("seconds", [-1, 3601, float("nan")])
def test_a_kind_names_the_bounds_of_a_number(seconds: float) -> None:
    with pytest.raises(kinds.BadArguments, match=r"seconds must be a number from 0 to 3600$"):
        kinds.get("demo.sleep").check({"seconds": seconds})


def test_the_bounds_of_a_number_belong_to_it() -> None:
    kinds.get("demo.sleep").check({"seconds": 0})
    kinds.get("demo.sleep").check({"seconds": 3600})


def test_a_command_that_does_not_exist_is_an_error_of_the_caller() -> None:
    with pytest.raises(FileNotFoundError):
        process.start(["no-such-program"], stdout=subprocess.PIPE)


def test_a_number_is_written_with_the_word_it_counts() -> None:
    said = [plain.numbered(number, "clone") for number in (0, 1, 2, 1200)]

    assert said == ["0 clones", "1 clone", "2 clones", "1,200 clones"]
    assert plain.numbered(2, "repository") == "2 repositories"
