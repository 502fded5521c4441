"""Files that say what a folder is: a module for each format, all of one shape.

`facts(source)` reads one file's bytes, in the same exec'd child as the languages, and gives a dict:
"manifest", what it says, and "broken", whether it could not be read as what its name promises. A
manifest is a dict; where the format has them, under "name", "version", "dependencies", a list of
[name, constraint, scope, line] with scope "" or "dev", "optional", "build", and "locked", a list of
[name, version, line]. `ECOSYSTEM` names the registry those names belong to. Everything else in the
dict is between the module and who asks it. To add a format add a module, and a line here.
"""

import re
from collections.abc import Callable
from fnmatch import translate
from functools import cache
from importlib import import_module
from typing import Any

PREFIX = "manifest."
_BY_PATH: dict[str, str] = {}
_BY_NAME: dict[str, str] = {
    "go.mod": "go_mod",
    "go.work": "go_work",
    "pom.xml": "pom_xml",
    "build.gradle": "build_gradle",
    "build.gradle.kts": "build_gradle",
    "settings.gradle": "build_gradle",
    "settings.gradle.kts": "build_gradle",
    "gradle.lockfile": "gradle_lockfile",
    "Directory.Packages.props": "csproj",
    "Directory.Build.props": "csproj",
    "packages.config": "csproj",
}
_BY_PATTERN: dict[str, str] = {
    "*.versions.toml": "gradle_catalog",
    "*.csproj": "csproj",
    "*.fsproj": "csproj",
    "*.vbproj": "csproj",
}
"""A file's path, or its name, exact or as a pattern, and the module that reads it."""


def key_of(path: str) -> str:
    """This function will name who reads a file for what it says of its folder; '' is nobody."""
    name = path.rpartition("/")[2]
    found = _BY_PATH.get(path) or _BY_NAME.get(name) or _by_pattern(name)
    return found and PREFIX + found


def _by_pattern(name: str) -> str:
    known = _any_pattern().match(name)
    return (known and known.lastgroup) or ""


@cache
def _any_pattern() -> re.Pattern[str]:
    """All patterns as one, since every file of a repository is asked."""
    named = [f"(?P<{one}>{'|'.join(all_)})" for one, all_ in _translated().items()]
    return re.compile("|".join(named) or "(?!)")


def _translated() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pattern, module in _BY_PATTERN.items():
        found.setdefault(module, []).append(translate(pattern))
    return found


def reader(key: str) -> Callable[[bytes], dict[str, Any]]:
    """This function will give what reads one manifest."""
    return import_module(f"{__name__}.{key.removeprefix(PREFIX)}").facts  # type: ignore[no-any-return]  # by the shape above
