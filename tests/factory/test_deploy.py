"""The files an operator copies: units, Procfile, Dockerfile, compose file. Read, linted, and tried."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from factory import configuration
from factory.supervisor.loop import crew
from factory.supervisor.record import GRACE_S
from factory.variables import VARIABLES
from tests import services
from tests.factory.fronts import program
from tests.live.stack import stack
from tests.services import ROOT

UNITS = sorted((ROOT / "deploy").glob("*.service"))
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
GIVEN = {"FACTORY_NAME": "factory.example.org", "DATABASE_PASSWORD": "fog0ver7theHarbour"}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_ends_the_product_as_it_wants_to_be_ended(path: Path) -> None:
    service = _unit(path)["Service"]

    assert service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) > GRACE_S + 20  # and the embedded PostgreSQL's last write
    # `up` ends with 2 also when its database is not there yet: it is tried again, and never too often.
    assert "RestartPreventExitStatus" not in service
    assert int(service["RestartSec"]) * 5 > 10  # systemd gives up after five starts in ten seconds
    assert service["OOMPolicy"] == "continue"
    assert "ProtectProc" not in service


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_starts_a_command_with_options_it_has(path: Path) -> None:
    _, script, name, *options = shlex.split(_unit(path)["Service"]["ExecStart"])

    assert (script, name) == ("manage.py", "up")
    parser = load_command_class("factory", "up").create_parser("manage.py", "up")
    assert set(options) <= {flag for action in parser._actions for flag in action.option_strings}


def test_the_split_units_run_everything_together_and_each_process_where_it_belongs() -> None:
    pages = [child.name for child in crew("mark=x", web=True, workers=False)]
    jobs = [child.name for child in crew("mark=x", web=False)]

    assert pages == ["web", "relay", "watchdog"]
    assert jobs == ["qcluster", "relay", "watchdog"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_systemd_accepts_a_unit_and_finds_little_exposed(path: Path, tmp_path: Path) -> None:
    here = path.read_text().replace("/opt/software-factory/.venv/bin/python", sys.executable)
    here = here.replace("/opt/software-factory", str(ROOT)).replace("User=factory", "User=root")
    (tmp_path / path.name).write_text(here)
    analyze = [program("systemd-analyze")]

    verified = _run(*analyze, "verify", "--man=no", str(tmp_path / path.name))
    examined = _run(*analyze, "security", "--offline=true", "--threshold=25", str(path))

    assert (verified.returncode, verified.stderr) == (0, "")
    assert examined.returncode == 0, examined.stdout[-300:]


def test_the_procfile_names_commands_and_every_process_of_up() -> None:
    lines = dict(re.findall(r"^(\w+): (.+)$", (ROOT / "Procfile").read_text(), re.M))

    named = {kind: re.findall(r"python manage\.py (\w+)", words) for kind, words in lines.items()}

    assert {name for names in named.values() for name in names} <= set(get_commands())
    running = {name for kind, names in named.items() if kind != "release" for name in names}
    assert running == {child.name for child in crew("mark=x", web=True)}


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if not hadolint:
        pytest.skip("it is in requirements-dev.txt")

    done = _run(hadolint, "--failure-threshold=style", "--disable-ignore-pragma", "Dockerfile")
    found = {line.split()[1] for line in done.stdout.splitlines()}

    assert found <= {"DL3008"}  # Debian's packages without a version: its security fixes


def test_the_image_has_everything_the_product_needs_and_nothing_else() -> None:
    copied = {name for line in _instructions("COPY") for name in line.split()[:-1]}
    tracked = set(_run("git", "ls-files").stdout.splitlines())
    packages = {path.partition("/")[0] for path in tracked if path.endswith("/apps.py")}
    kept = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }

    sources = {name for name in copied if not name.startswith(("--", "/"))}
    assert sources == packages | {"manage.py", "requirements.txt", "templates"}
    assert sources == kept
    assert all((ROOT / name).exists() for name in sources)


def test_the_image_installs_by_hash_and_runs_as_an_ordinary_account() -> None:
    runs = _instructions("RUN")

    assert any("pip install" in line and "--require-hashes" in line for line in runs)
    assert not any(re.search(r"\bcurl\b|\bwget\b|https?://", line) for line in runs)
    assert _instructions("USER") == ["10001"]
    assert json.loads(_instructions("CMD")[-1]) == ["python", "manage.py", "up"]


def test_the_variables_of_the_image_are_ones_the_product_knows() -> None:
    words = dict(word.split("=", 1) for line in _instructions("ENV") for word in line.split())

    assert {name for name in words if name.startswith("FACTORY_")} <= _known()
    assert words["FACTORY_ENV"] == "prod"


def test_the_image_says_of_a_real_server_whether_it_lives(
    scratch_database: services.ScratchDatabase,
) -> None:
    line = next(line for line in _instructions("HEALTHCHECK"))
    python, *argv = json.loads(line.partition("CMD ")[2])
    assert python == "python"

    with stack(scratch_database) as product:
        dead = subprocess.run([sys.executable, *argv], env=product.environment, check=False)
        product.start("web")
        alive = subprocess.run([sys.executable, *argv], env=product.environment, check=False)

    assert dead.returncode != 0
    assert alive.returncode == 0


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    found = COMPOSE["services"]

    assert [name for name, service in found.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert [name for name, service in found.items() if service["networks"] == ["inside"]] == [
        "db",
        "valkey",
    ]
    for name, service in found.items():
        assert "privileged" not in service
        assert "network_mode" not in service
        assert "no-new-privileges:true" in service["security_opt"], name


def test_each_service_is_watched_and_the_product_waits_for_the_others() -> None:
    found = COMPOSE["services"]

    assert all("healthcheck" in found[name] for name in ("db", "valkey", "proxy"))
    assert _instructions("HEALTHCHECK")  # of the product, in its image
    waits = found["app"]["depends_on"]
    assert {name: how["condition"] for name, how in waits.items()} == {
        "db": "service_healthy",
        "valkey": "service_healthy",
    }
    assert int(found["app"]["stop_grace_period"].rstrip("s")) > GRACE_S + 20


def test_the_product_accepts_the_environment_the_compose_file_gives() -> None:
    words = dict(word.split("=", 1) for line in _instructions("ENV") for word in line.split())
    given = _filled(COMPOSE["services"]["app"]["environment"], GIVEN)

    assert set(given) <= _known()
    environment = {name: text for name, text in words.items() if name in _known()} | given
    assert list(configuration.problems(environment)) == []


def test_the_compose_file_holds_no_secret_and_asks_for_what_it_needs() -> None:
    text = (ROOT / "compose.yaml").read_text()

    assert not re.search(r"(?i)(password|secret|token)\w*: +[^$\s]", text)
    for name in GIVEN:
        with pytest.raises(KeyError, match=name):
            _filled(COMPOSE["services"]["app"]["environment"], {**GIVEN, name: ""})


def test_what_the_compose_file_mounts_and_refers_to_exists() -> None:
    for name, service in COMPOSE["services"].items():
        assert set(service["networks"]) <= set(COMPOSE["networks"]), name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            known = (ROOT / source).exists() if source[:1] == "." else source in COMPOSE["volumes"]
            assert known, volume
    subnet = COMPOSE["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert COMPOSE["services"]["app"]["environment"]["FACTORY_PROXIES"] == subnet


def _unit(path: Path) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None, strict=True)
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read(path)
    return found


def _instructions(word: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    return re.findall(rf"^{word} (.+)$", joined, re.M)


def _filled(environment: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """This function will put values in the place of ${NAME:?…} and ${NAME:-…}, as compose does."""

    def value(found: "re.Match[str]") -> str:
        name, kind, rest = found.groups()
        if given.get(name):
            return given[name]
        if kind == ":-":
            return rest
        raise KeyError(name)

    pattern = re.compile(r"\$\{(\w+)(:[?-])([^}]*)\}")
    return {name: pattern.sub(value, text) for name, text in environment.items()}


def _known() -> set[str]:
    return {variable.name for variable in VARIABLES}


def _run(*argv: str) -> Any:
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
