"""What the environment says: read once, refused by name, and the places that follow from it."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from factory import dotenv, production
from factory.variables import VARIABLES, Refused, Variable

SUPERVISED = "FACTORY_SUPERVISOR"  # in the environment of what `up` starts; marks whose it is
log = logging.getLogger("factory.configuration")


def problems(environment: Mapping[str, str]) -> Iterator[tuple[Variable, str]]:
    """This function will go through every variable that would be refused, with the sentence."""
    values = {}
    for variable in VARIABLES:
        try:
            values[variable.name] = variable.read(environment)
        except Refused as refused:
            yield variable, str(refused)
    if len(values) == len(VARIABLES):
        by_name = {variable.name: variable for variable in VARIABLES}
        for name, sentence in _together(values, environment):
            yield by_name[name], sentence


def _together(
    values: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """What variables that are right one by one cannot be together: a name and a sentence."""
    yield from production.complaints(values, environment)
    for name in ("FACTORY_OIDC_CLIENT", "FACTORY_OIDC_SECRET"):
        if values["FACTORY_OIDC_ISSUER"] and not values[name]:
            yield (
                name,
                f"{name}: not given: FACTORY_OIDC_ISSUER needs it: the provider made it when "
                "this product was registered there",
            )


@cache
def load() -> dict[str, Any]:
    """This function will read the environment and the .env file, once per process.

    Raises Refused for the first variable that cannot be used.
    """
    if (wrong := dotenv.read()) and SUPERVISED not in os.environ:
        numbers = ", ".join(map(str, wrong))
        log.warning("%s: passed over line %s: write NAME=value", dotenv.place(), numbers)
    _forget_libpq()
    values = {variable.name: variable.read(os.environ) for variable in VARIABLES}
    for _, sentence in _together(values, os.environ):
        raise Refused(sentence)
    in_dev = values["FACTORY_ENV"] == "dev"
    values["FACTORY_STATIC"] = values["FACTORY_STATIC"] or ("source" if in_dev else "collected")
    values["FACTORY_LOG"] = values["FACTORY_LOG"] or ("human" if in_dev else "json")
    values["FACTORY_URL"] = values["FACTORY_URL"] or _address(values)
    return values


def home() -> Path:
    """This function will give the data directory, made on first need."""
    path: Path = load()["FACTORY_HOME"]
    try:
        make_directory(path)
    except OSError as error:
        raise Refused(
            f'FACTORY_HOME="{path}": {error.strerror}: name a directory this account may write to'
        ) from None
    return path


def make_directory(path: Path) -> None:
    """This function will make a directory and those above it, mode 0755 whatever the umask.

    The account PostgreSQL runs as must be able to pass through; each secret is a 0600 file.
    """
    if path.is_dir():
        return
    make_directory(path.parent)
    with suppress(FileExistsError):
        path.mkdir()
        path.chmod(0o755)


def own_url() -> str:
    """This function will give the address at which this machine reaches its own web server."""
    return _address(load())


def _forget_libpq() -> None:
    """This function will drop PGHOSTADDR, PGSERVICE, PGOPTIONS and the like from the environment.

    libpq would follow them against what DATABASE_URL says, also on the embedded server's socket.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def _address(values: Mapping[str, Any]) -> str:
    bind = values["FACTORY_BIND"]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(bind, bind)  # noqa: S104 — compared, not bound
    return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{values['PORT']}"
