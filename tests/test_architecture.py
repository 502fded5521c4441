"""What a machine can hold of docs/architecture.md: layers, doors, sizes, names, the lock."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import ROOT

PACKAGES = ("factory", "agents", "projects", "jobs", "tests")
LONGEST_FILE = 500
LONGEST_FUNCTION = 40
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base", "services", "exceptions"}
# Distributions that install a top-level package with the name of one of our apps, and psycopg 3,
# which Django would silently prefer.
CLASHES = {"factory-boy", "factory_boy", "openai-agents", "psycopg"}
# The doors of docs/architecture.md: package -> modules that may import it.
DOORS = {
    "django_q": {"jobs.broker", "jobs.django_q", "jobs.recurring"},
    "channels": {"jobs.live", "factory.sockets", "factory.asgi"},
    "subprocess": {"jobs.process", "factory.supervisor", "factory.embedded"},
    "git": {"projects.git"},
    "tree_sitter": {"projects.mapping"},
    "psycopg2": {"jobs.db"},
    "cronsim": {"jobs.cron"},
}


def test_the_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_what_coverage_leaves_out_stands_in_one_place_and_is_there() -> None:
    report = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]["report"]
    ledger = "\n".join(path.read_text() for _, path in _modules("jobs"))

    assert report["fail_under"] >= 95
    assert "pragma: no" + " cover" not in ledger
    assert [one for one in report["exclude_also"] if not re.search(one, ledger)] == []


def test_every_app_is_held_by_a_contract_of_layers() -> None:
    containers = {
        name
        for contract in _contracts()
        if contract["type"] == "layers" and contract.get("exhaustive")
        for name in contract["containers"]
    }

    grown = {app for app in PACKAGES if app != "tests" and len(list(_modules(app))) > 2}

    assert grown <= containers


@pytest.mark.parametrize("outside", DOORS)
def test_each_outside_thing_has_one_door(outside: str) -> None:
    doors = DOORS[outside]

    through = {
        module
        for module, path in _all_modules()
        if outside in _imported(path) and not _behind(module, doors)
    }

    assert through == set()
    assert any(outside in contract.get("forbidden_modules", []) for contract in _contracts())


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text().splitlines()) for _, path in _all_modules()}
    longest = sorted(lengths, key=lambda path: lengths[path], reverse=True)[:10]
    report = [f"{lengths[path]:>5} {path.relative_to(ROOT)}" for path in longest]

    median = statistics.median(sorted(lengths.values()))

    sys.stdout.write(f"median file {median:.0f} lines; the longest:\n" + "\n".join(report) + "\n")
    assert [path for path in longest if lengths[path] > LONGEST_FILE] == []


def test_functions_are_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} ({length} lines)"
        for module, path in _all_modules()
        if not module.startswith("tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]

    assert long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = [module for module, _ in _all_modules() if not module.startswith("tests.")]

    assert [module for module in named if set(module.split(".")) & FORBIDDEN_NAMES] == []


def test_public_functions_have_a_docstring() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for module, path in _all_modules()
        if not module.startswith("tests")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]

    assert silent == []


def test_no_model_is_ordered_behind_your_back() -> None:
    ordered = [
        str(path.relative_to(ROOT))
        for module, path in _all_modules()
        if not module.startswith("tests") and re.search(r"^\s+ordering = ", path.read_text(), re.M)
        if "models" in module
    ]

    assert ordered == []


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_is_hashed_and_free_of_clashes(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pins = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", text, re.M)
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M)[1:]

    assert pins
    assert {name.lower() for name in pins} & CLASHES == set()
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_each_requirement_says_why() -> None:
    lines = (ROOT / "requirements.in").read_text().splitlines()

    silent = [line for line in lines if line and line[0] != "#" and "#" not in line]

    assert len(silent) <= 2  # pytest-django and tree-sitter-python belong to the line before


def _contracts() -> list[dict[str, list[str]]]:
    with open(ROOT / "pyproject.toml", "rb") as file:
        found: list[dict[str, list[str]]] = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return found


def _all_modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        yield from _modules(package)


def _modules(package: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        if "migrations" not in path.parts:
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__"), path


def _imported(path: Path) -> set[str]:
    if path.is_relative_to(ROOT / "tests"):
        return set()
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def _behind(module: str, doors: set[str]) -> bool:
    return any(module == door or module.startswith(f"{door}.") for door in doors)
