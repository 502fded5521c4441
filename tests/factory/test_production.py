"""The production profile: what it refuses, and that nothing is left for `check --deploy` to say."""

import os
from pathlib import Path
from typing import Any

import pytest

from factory import configuration
from factory.variables import VARIABLES
from tests.services import manage

WELL = {
    "FACTORY_ENV": "prod",
    "FACTORY_URL": "https://factory.example.org",
    "FACTORY_ALLOWED_HOSTS": "factory.example.org",
    "FACTORY_PROXIES": "127.0.0.1",
}
REFUSED = [
    ("FACTORY_DEBUG", "true", 'FACTORY_DEBUG="true": shows tracebacks', "use false"),
    ("FACTORY_URL", "", "FACTORY_URL: not given", "https://"),
    ("FACTORY_URL", "http://factory.example.org", "passwords would travel", "use https://"),
    ("FACTORY_ALLOWED_HOSTS", "", "FACTORY_ALLOWED_HOSTS: not given", "the names people type"),
    ("FACTORY_ALLOWED_HOSTS", "*", "answers under any name", "name the hosts"),
    ("FACTORY_ALLOWED_HOSTS", "factory.example.org,*", "answers under any name", "name the hosts"),
    ("FACTORY_ALLOWED_HOSTS", "other.org", "does not name the host of", "add factory.example.org"),
    ("FACTORY_SECRET_KEY", "q9Zx" * 10, "FACTORY_SECRET_KEY: too weak", "50 random characters"),
    ("FACTORY_SECRET_KEY", "abab" * 20, "FACTORY_SECRET_KEY: too weak", "50 random characters"),
    ("FACTORY_SECRET_KEY", "django-insecure-" + "q9Zx_3" * 9, "too weak", "leave it out"),
    ("FACTORY_PROXIES", "", "FACTORY_PROXIES: not given", "such as 127.0.0.1"),
    ("FACTORY_STATIC", "source", "unhashed files", "leave it out"),
]


@pytest.mark.parametrize("env", ["prod", "staging"])
@pytest.mark.parametrize(("name", "text", "cause", "cure"), REFUSED)
def test_it_is_refused_by_name_with_cause_and_cure(
    env: str, name: str, text: str, cause: str, cure: str
) -> None:
    environment = WELL | {"FACTORY_ENV": env, name: text}

    found = [sentence for _, sentence in configuration.problems(environment)]

    assert len(found) == 1
    assert found[0].startswith(name)
    assert cause in found[0]
    assert cure in found[0]
    assert "\n" not in found[0]


def test_everything_that_is_wrong_is_listed_for_doctor() -> None:
    found = {variable.name for variable, _ in configuration.problems({"FACTORY_ENV": "prod"})}

    assert found == {"FACTORY_URL", "FACTORY_ALLOWED_HOSTS", "FACTORY_PROXIES"}


def test_a_domain_with_a_leading_dot_names_the_hosts_below_it() -> None:
    hosts = {"FACTORY_ALLOWED_HOSTS": ".example.org"}

    assert list(configuration.problems(WELL | hosts)) == []


def test_what_is_refused_elsewhere_is_fine_on_a_machine_of_ones_own() -> None:
    relaxed = {"FACTORY_DEBUG": "true", "FACTORY_ALLOWED_HOSTS": "*", "FACTORY_STATIC": "source"}

    assert list(configuration.problems(relaxed)) == []


@pytest.mark.parametrize("command", ["check", "migrate", "web", "up"])
def test_a_command_in_prod_stops_with_one_line_before_anything_starts(
    command: str, tmp_path: Path
) -> None:
    told = manage(command, environment=_with(tmp_path, FACTORY_DEBUG="true"), check=False)

    assert told.returncode == 2
    assert told.stderr.startswith('FACTORY_DEBUG="true": ')
    assert told.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="prod"),
        pytest.param({"FACTORY_ENV": "staging"}, id="staging"),
        pytest.param(dict.fromkeys(WELL, ""), id="dev"),
    ],
)
def test_django_finds_nothing_to_warn_of(more: dict[str, str], tmp_path: Path) -> None:
    told = manage(
        "check",
        "--deploy",
        "--fail-level=WARNING",
        environment=_with(tmp_path, **more),
        check=False,
    )

    assert (told.returncode, told.stderr) == (0, "")
    assert "no issues" in told.stdout


def test_what_is_silenced_in_prod_is_the_preloading_alone(tmp_path: Path) -> None:
    code = "from django.conf import settings as s; print(s.SILENCED_SYSTEM_CHECKS)"

    told = manage("shell", "-v0", "-c", code, environment=_with(tmp_path))

    assert told.stdout.strip() == "['security.W021']"


def test_a_proxy_is_named_by_address_or_network() -> None:
    assert _proxies("10.0.0.5, 192.168.7.0/24,::1") == ("10.0.0.5", "192.168.7.0/24", "::1")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("proxy.example.org", "is no address or network"),
        ("*", "is no address or network"),
        ("10.0.0.7/24", "is no address or network"),
        ("0.0.0.0/0", "that is everybody"),
        ("::/0", "that is everybody"),
    ],
)
def test_a_proxy_that_is_nobody_or_everybody_is_refused(text: str, cause: str) -> None:
    found = [sentence for _, sentence in configuration.problems({"FACTORY_PROXIES": text})]

    assert len(found) == 1
    assert found[0].startswith(f'FACTORY_PROXIES="{text}": ')
    assert cause in found[0]


def _proxies(text: str) -> Any:
    variable = next(each for each in VARIABLES if each.name == "FACTORY_PROXIES")
    return variable.read({"FACTORY_PROXIES": text})


def _with(home: Path, **more: str) -> dict[str, str]:
    return dict(os.environ) | WELL | {"FACTORY_HOME": str(home)} | more
