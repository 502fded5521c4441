"""The variables: set or default, by whom, or why one is refused; and names nobody knows."""

import os
from collections.abc import Iterator
from difflib import get_close_matches

from factory import configuration, dotenv
from factory.variables import VARIABLES, Refused, Variable
from jobs.ports import Check
from jobs.redaction import redact, visible

# Read by the product or its tests, but no settings: they say where settings are, or who started it.
_OURS = {"FACTORY_DOTENV", "FACTORY_SUPERVISOR", "FACTORY_TESTS", "FACTORY_SHOTS"}
_KNOWN = {variable.name for variable in VARIABLES}


def examine() -> Iterator[Check]:
    """This function will show each variable, secrets hidden, and the names that mean nothing."""
    yield _dotenv()
    refusals: dict[str, str] = {}
    for variable, sentence in configuration.problems(os.environ):
        refusals.setdefault(variable.name, sentence)
    for variable in VARIABLES:
        wrong = refusals.get(variable.name, "")
        cure = "correct it; docs/reference.md says what it takes" if wrong else ""
        yield Check(variable.name, not wrong, wrong or _value(variable), cure)
    yield from _unknown()


def _dotenv() -> Check:
    path = dotenv.place()
    try:
        dotenv.read()
    except Refused as refused:
        return Check(".env", False, str(refused), "make it readable")
    if not path.is_file():
        return Check(".env", True, f"{path} is not there")
    wrong, names = dotenv.lines(path.read_text(errors="replace"))
    beaten = sorted(names - dotenv.GIVEN)
    detail = f"{path}: {len(names)} names"
    if beaten:
        detail += f"; the environment beats it in {', '.join(beaten)}"
    if wrong:
        detail += f"; cannot be read: line {', '.join(map(str, wrong))}"
    return Check(".env", True, visible(detail), (wrong and "write NAME=value") or "", bool(wrong))


def source(variable: Variable) -> str:
    """This function will say who gave a variable its value, as far as this process can tell."""
    if not os.environ.get(variable.name, "").strip():
        return "default"
    if variable.name in dotenv.GIVEN:
        return ".env"
    # What `up` read there, its children find in their environment.
    if configuration.SUPERVISED in os.environ and variable.name in _written():
        return ".env, or the environment of manage.py up"
    return "environment"


def effective(variable: Variable) -> str:
    """This function will write the value a variable has, or has been given by others; no secret."""
    text = os.environ.get(variable.name, "").strip()
    if variable.secret:
        return "set (hidden)" if text else "not set"
    if text or variable.default:
        return redact(text or variable.default)
    value = configuration.load()[variable.name]
    return "not set" if value in (None, "") else f"{redact(str(value))} (follows from others)"


def _written() -> set[str]:
    path = dotenv.place()
    readable = path.is_file() and os.access(path, os.R_OK)
    return dotenv.lines(path.read_text(errors="replace"))[1] if readable else set()


def _value(variable: Variable) -> str:
    text = os.environ.get(variable.name, "").strip()
    if text:
        by = ".env" if variable.name in dotenv.GIVEN else "environment"
        return f"set (hidden), by {by}" if variable.secret else f"set: {redact(text)} (by {by})"
    return f"default: {variable.default}" if variable.default else "not set"


def _unknown() -> Iterator[Check]:
    """A name of ours that nobody reads, or one in .env that is nearly one of ours."""
    ours = {name for name in os.environ if name.startswith("FACTORY_")}
    for name in sorted((ours | dotenv.GIVEN) - _KNOWN - _OURS):
        near = get_close_matches(name, _KNOWN, 1, 0.8)
        if near or name.startswith("FACTORY_"):
            by = ".env" if name in dotenv.GIVEN else "the environment"
            cure = f"did you mean {near[0]}?" if near else "remove it"
            yield Check(name, True, f"set in {by}, but nobody reads it", cure, warning=True)
