"""Files that say what a folder is: a module for each format, all of one shape.

`facts(source)` reads one file's bytes, in the same exec'd child as the languages, and gives a dict:
"manifest", what it says, and "broken", whether it could not be read as what its name promises. A
manifest is a dict; where the format has them, under "name", "version", "dependencies", a list of
[name, constraint, scope, line] with scope "" or "dev", "optional", "build", and "locked", a list of
[name, version, line], or [name, version, line, of], where it is the version of that folder or of that
constraint alone. `ECOSYSTEM` names the registry those names belong to. Everything else in the
dict is between the module and who asks it. To add a format add a module, and a line here.
"""

import re
from collections.abc import Callable
from fnmatch import translate
from functools import cache
from importlib import import_module
from typing import Any

PREFIX = "manifest."
_BY_PATH: dict[str, str] = {
    ".factory/rules.toml": "rules",
    ".github/CODEOWNERS": "codeowners",
    "CODEOWNERS": "codeowners",
    "docs/CODEOWNERS": "codeowners",
    ".gitlab/CODEOWNERS": "codeowners",
}
_BY_NAME: dict[str, str] = {
    "go.mod": "go_mod",
    "go.work": "go_work",
    "Cargo.toml": "cargo_toml",
    "Cargo.lock": "cargo_lock",
    "pom.xml": "pom_xml",
    "build.gradle": "build_gradle",
    "build.gradle.kts": "build_gradle",
    "settings.gradle": "build_gradle",
    "settings.gradle.kts": "build_gradle",
    "gradle.lockfile": "gradle_lockfile",
    "Directory.Packages.props": "csproj",
    "Directory.Build.props": "csproj",
    "packages.config": "csproj",
    "composer.json": "composer_json",
    "composer.lock": "composer_lock",
    "pyproject.toml": "pyproject",
    "setup.cfg": "setup_cfg",
    "Pipfile": "pipfile",
    "Pipfile.lock": "pipfile_lock",
    "poetry.lock": "python_lock",
    "uv.lock": "python_lock",
    "pdm.lock": "python_lock",
    "package-lock.json": "package_lock",
    "npm-shrinkwrap.json": "package_lock",
    "yarn.lock": "yarn_lock",
    "pnpm-lock.yaml": "pnpm_lock",
    "lerna.json": "lerna",
    "package.json": "package_json",
    "pnpm-workspace.yaml": "pnpm_workspace",
    ".gitattributes": "gitattributes",
    "Gemfile": "gemfile",
    "gems.rb": "gemfile",
    "Gemfile.lock": "gemfile_lock",
    "gems.locked": "gemfile_lock",
}
_BY_PATTERN: dict[str, str] = {
    "*.gemspec": "gemspec",
    "*tsconfig*.json": "tsconfig",
    "jsconfig*.json": "tsconfig",
    "*.versions.toml": "gradle_catalog",
    "*.csproj": "csproj",
    "*.fsproj": "csproj",
    "*.vbproj": "csproj",
    "requirements*.txt": "requirements",
    "requirements*.in": "requirements",
    "*[-_]requirements.txt": "requirements",
    "requirements/*.txt": "requirements",
    "requirements/*.in": "requirements",
    "compose*.y*ml": "compose",
    "docker-compose*.y*ml": "compose",
    "catalog-info.y*ml": "catalog_info",
}
"""A file's path; its name; or a pattern of its name, or of its folder's and its own."""


def key_of(path: str) -> str:
    """This function will name who reads a file for what it says of its folder; '' is nobody."""
    name = path.rpartition("/")[2]
    found = _BY_PATH.get(path) or _BY_NAME.get(name) or _by_pattern(path)
    return found and PREFIX + found


def _by_pattern(path: str) -> str:
    known = _any_pattern().fullmatch("/".join(path.rsplit("/", 2)[-2:]))
    return (known and known.lastgroup) or ""


@cache
def _any_pattern() -> re.Pattern[str]:
    """All patterns as one, since every file of a repository is asked; a star stays in one name."""
    written: dict[str, list[str]] = {}
    for pattern, module in _BY_PATTERN.items():
        one = translate(pattern).replace(".*", "[^/]*")
        written.setdefault(module, []).append(one if "/" in pattern else f"(?:[^/]*/)?{one}")
    return re.compile("|".join(f"(?P<{one}>{'|'.join(all_)})" for one, all_ in written.items()))


def reader(key: str) -> Callable[[bytes], dict[str, Any]]:
    """This function will give what reads one manifest."""
    return import_module(f"{__name__}.{key.removeprefix(PREFIX)}").facts  # type: ignore[no-any-return]  # by the shape above


def ecosystem(key: str) -> str:
    """This function will name the registry the names of a format belong to; '' is none."""
    module = import_module(f"{__name__}.{key.removeprefix(PREFIX)}")
    return str(getattr(module, "ECOSYSTEM", ""))
