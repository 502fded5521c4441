"""setup.cfg: name, version, dependencies and commands, as setuptools had them before PEP 621."""

from collections.abc import Iterator
from typing import Any

from projects.mapping import untrusted
from projects.mapping.manifests.requirements import requirement

ECOSYSTEM = "pypi"


def facts(source: bytes) -> dict[str, Any]:
    """This function will give name, version, dependencies and commands."""
    manifest: dict[str, Any] = {"name": "", "version": "", "dependencies": [], "scripts": []}
    for section, key, value, line in _values(untrusted.lines(source)):
        if section == "metadata" and key in ("name", "version"):
            manifest[key] = manifest[key] or ("" if ":" in value else value)
        elif section == "options.entry_points" and key in ("console_scripts", "gui_scripts"):
            name, _, target = value.partition("=")
            manifest["scripts"].append([name.strip(), target.strip(), line])
        elif (scope := _scope(section, key)) is not None and (parsed := requirement(value)):
            manifest["dependencies"].append([*parsed, scope, line])
    return {"manifest": manifest, "broken": False}


def _scope(section: str, key: str) -> str | None:
    if section == "options.extras_require":
        return "optional"
    known = {"install_requires": "", "setup_requires": "build", "tests_require": "dev"}
    return known.get(key) if section == "options" else None


def _values(lines: list[str]) -> Iterator[tuple[str, str, str, int]]:
    """Each line of each value, with the section and key it belongs to."""
    section = key = ""
    for line, text in enumerate(lines, 1):
        bare = text.strip()
        if not bare or bare[0] in "#;":
            continue
        if text[0] == "[":
            section, key = bare.strip("[]"), ""
        elif text[0].isspace():
            yield section, key, bare, line
        else:
            key, _, value = bare.partition("=")
            key = key.strip()
            if value.strip():
                yield section, key, value.strip(), line
