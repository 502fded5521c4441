"""The same proof everywhere: the workflow runs .ci/run, which runs make, and nothing else."""

import os
import re
import stat
import subprocess
from typing import Any

import yaml

from factory.supervisor.loop import GRACE_S
from tests.services import ROOT


def test_the_workflow_only_calls_what_a_person_can_call() -> None:
    job = _workflow()["jobs"]["test"]

    commands = [step["run"] for step in job["steps"] if "run" in step]

    assert commands == [".ci/run"]
    assert job["container"].startswith("debian:")
    assert job["timeout-minutes"] <= 60


def test_the_workflow_runs_for_every_pull_request_with_no_right_to_write() -> None:
    workflow = _workflow()

    # YAML 1.1 reads the key `on` as true.
    assert {"push", "pull_request"} <= set(workflow[True])
    assert workflow["permissions"] == {"contents": "read"}


def test_the_script_is_executable_and_parses() -> None:
    script = ROOT / ".ci/run"

    assert script.stat().st_mode & stat.S_IXUSR
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_every_make_target_that_is_promised_exists() -> None:
    promised = ["up", "test", "check", "bench", "shots", "clean", "lock", "test-as-user"]

    for target in promised:
        done = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, env=_plain(), capture_output=True, check=False
        )
        assert done.returncode == 0, (target, done.stderr)


def test_the_script_calls_targets_that_exist() -> None:
    called = set(re.findall(r"\bmake ([a-z-]+)$", (ROOT / ".ci/run").read_text(), re.M))

    defined = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))

    assert called == {"test", "test-as-user"}
    assert called <= defined


def test_a_machine_without_python_is_told_so_in_one_line() -> None:
    done = subprocess.run(
        ["make", "--always-make", ".venv/uv", "PYTHON="],
        cwd=ROOT,
        env=_plain(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("Python 3.11 or later is not installed: ")


def test_systemd_signals_the_supervisor_alone_and_waits_longer_than_its_grace() -> None:
    unit = (ROOT / "deploy/software-factory.service").read_text()

    options = dict(re.findall(r"^(\w+)=(.*)$", unit, re.M))

    assert options["KillMode"] == "mixed"
    assert int(options["TimeoutStopSec"]) > GRACE_S + 5
    assert options["ExecStart"].endswith("manage.py up")


def _workflow() -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    return found


def _plain() -> dict[str, str]:
    # Without what a surrounding make hands down.
    return {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
