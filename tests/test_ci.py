"""The same proof everywhere: the workflow runs .ci/run, which runs make, and nothing else."""

import http.server
import json
import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

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
    promised = ["up", "test", "check", "bench", "shots", "clean", "lock", "test-as-user", "audit"]
    promised += ["oracles"]

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


def test_the_script_installs_every_program_the_tests_start() -> None:
    told = (ROOT / ".ci/run").read_text()

    for package in (
        "git",
        "nginx-light",
        "caddy",
        "openssh-server",
        "pgbouncer",
        "openssl",
        "systemd",
        "npm",
    ):
        assert re.search(rf"^    has [a-z-]+ .*\|\| echo {package}$", told, re.M), package


@pytest.mark.parametrize(
    ("known", "status", "sentence"),
    [
        pytest.param({}, 0, "audited: 1 packages, no known vulnerability", id="none"),
        pytest.param({"uv": "PYSEC-2026-1"}, 1, ": PYSEC-2026-1, fixed in 99.0", id="one"),
        pytest.param(None, 2, "requirements-uv.txt: not audited: ", id="no-service"),
    ],
)
def test_an_audit_that_did_not_happen_is_not_called_clean(
    known: dict[str, str] | None, status: int, sentence: str
) -> None:
    pytest.importorskip("pip_audit", reason="it is in requirements-dev.txt")
    with advisories(known or {}) as address:
        asked = address if known is not None else "http://127.0.0.1:9/"
        done = subprocess.run(
            [
                *(sys.executable, ROOT / ".ci/audit", "requirements-uv.txt"),
                *("--", "--vulnerability-service=osv", f"--osv-url={asked}"),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert (done.returncode, done.stderr) == (status, "")
    assert sentence in done.stdout


@contextmanager
def advisories(known: dict[str, str]) -> Iterator[str]:
    """This function will run an advisory service as OSV's API describes it, with few advisories."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]
            ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}]
            found = {"id": known.get(asked["name"]), "affected": [{"package": asked}]}
            found["affected"][0]["ranges"] = ranges
            body = json.dumps({"vulns": [found]} if found["id"] else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """This method will say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


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


def _workflow() -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    return found


def _plain() -> dict[str, str]:
    # Without what a surrounding make hands down.
    return {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
