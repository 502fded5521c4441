"""From a new data directory to a true map, and back to nothing."""

import os
import signal
import stat

import pytest

from jobs import process
from tests.factory.conftest import wait_for
from tests.journeys.conftest import Product
from tests.projects.origins import Origin

REFUSED = [
    "ext::sh -c 'touch /tmp/owned'",
    "file:///etc",
    "/etc",
    "http://127.0.0.1/x",
    "https://user:hunter22@example.org/x",
    "https://example.org/" + "x" * 10_000,
    "--upload-pack=touch /tmp/owned",
]


def test_a_new_installation_can_do_work(product: Product) -> None:
    assert wait_for(lambda: product.get("/readyz") == 200)
    assert product.get("/healthz") == 200


def test_the_first_link_is_kept_where_only_its_owner_reads(product: Product) -> None:
    link = product.home / "login_link"

    assert stat.S_IMODE(link.stat().st_mode) == 0o600
    assert "/login/" in link.read_text()


def test_a_second_up_says_that_one_runs(product: Product) -> None:
    status, _, said = product.manage("up")

    assert status == 1
    assert "already running (pid" in said
    assert said.count("\n") == 1


def test_smoke_finds_the_main_path_in_order(product: Product) -> None:
    answer = product.ask("smoke")

    assert answer["ok"], answer["steps"]
    assert [step["name"] for step in answer["steps"]] == [
        "ready",
        "register",
        "map",
        "live",
        "remove",
    ]


def test_a_repository_becomes_a_map_with_evidence(product: Product) -> None:
    origin = Origin(product.repositories / "shop")
    commit = origin.commit(
        {"shop/__init__.py": "", "shop/a.py": "", "shop/b.py": "from shop import a\n"}
    )

    made = product.ask("register", str(origin.path), "--project", "shop", "--wait")
    shown = product.ask("map", str(made["repository"]), "--edges")

    assert made["state"] == "succeeded"
    assert shown["commit"] == commit
    edges = [(edge["src"], edge["dst"], edge["line"]) for edge in shown["edges"]]
    assert edges == [("shop/b.py", "shop/a.py", 1)]


@pytest.mark.parametrize("address", REFUSED, ids=lambda text: text[:24])
def test_a_dangerous_address_is_refused_in_one_line(product: Product, address: str) -> None:
    before = product.rows("SELECT count(*) FROM repository")

    status, output, said = product.manage("register", address)

    assert (status, output) == (2, "")
    assert said.count("\n") == 1
    assert "hunter22" not in said
    assert "Traceback" not in said
    assert product.rows("SELECT count(*) FROM repository") == before


def test_a_runner_killed_with_9_costs_its_job_seconds(product: Product) -> None:
    job = product.ask("enqueue", "demo.sleep", "--arg", "seconds=3")["jobs"][0]
    held = "SELECT r.pid FROM job j JOIN job_runner r ON r.id = j.runner_id WHERE j.id = %s"
    assert wait_for(lambda: product.rows(held, job))

    os.kill(product.rows(held, job)[0][0], signal.SIGKILL)
    again = "SELECT 1 FROM job WHERE id = %s AND attempt = 2"

    assert wait_for(lambda: product.rows(again, job))
    done = "SELECT 1 FROM job WHERE id = %s AND state = 'succeeded'"
    assert wait_for(lambda: product.rows(done, job))


def test_stop_leaves_no_process(product: Product) -> None:
    shown = product.ask("status")["processes"]
    pids = [each["pid"] for each in shown]
    assert len(pids) == 7

    status, _, said = product.manage("stop")

    assert status == 0, said
    assert [pid for pid in pids if process.started_ticks(pid) is not None] == []
    assert product.manage("status")[0] == 1
