"""The .env file: variables for an environment that does not have them."""

import logging
import os
import re
from io import StringIO
from pathlib import Path

from factory.variables import BASE_DIR, Refused

_LINE = re.compile(r"(?:export )?([A-Za-z_0-9]+)=")
GIVEN: set[str] = set()
"""The names that the .env file, and not the environment, gave."""


def place() -> Path:
    """This function will name the .env file: beside manage.py, unless FACTORY_DOTENV names one."""
    return Path(os.environ.get("FACTORY_DOTENV") or BASE_DIR / ".env")


def read() -> list[int]:
    """This function will add what the .env file says to the environment, which wins over it.

    Gives the numbers of the lines that say nothing.
    """
    path = place()
    if not path.exists():
        return []
    if not os.access(path, os.R_OK):
        raise Refused(f"{path}: cannot be read: make it readable for this account or remove it")
    text = path.read_text(errors="replace")
    if not text:
        return []
    before = set(os.environ)
    # It would repeat such a line in full, and a mistyped secret with it.
    logging.getLogger("environ.environ").setLevel(logging.ERROR)
    import environ  # where there is no such file, nobody needs it

    environ.Env.read_env(StringIO(text))
    GIVEN.update(set(os.environ) - before)
    return lines(text)[0]


def lines(text: str) -> tuple[list[int], set[str]]:
    """This function will give the numbers of lines that say nothing, and the names in the others."""
    wrong, names = [], set()
    for number, line in enumerate(text.splitlines(), 1):
        if found := _LINE.match(line):
            names.add(found[1])
        elif line and not line.startswith("#"):
            wrong.append(number)
    return wrong, names
