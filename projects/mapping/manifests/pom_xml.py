"""pom.xml: what a module of Maven is called and needs. Source: Maven's POM reference."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from projects.mapping.manifests import lined_xml
from projects.mapping.manifests.lined_xml import Element
from projects.mapping.untrusted import Broken

ECOSYSTEM = "maven"
_SCOPES = {"test": "dev", "provided": "optional", "system": "optional"}
_PLUGINS = "org.apache.maven.plugins"
_PROPERTY = re.compile(r"\$\{([\w.-]+)\}")
_LOOKS = 5  # properties made of properties
_LONGEST = 300  # characters of a name or a version


def facts(source: bytes) -> dict[str, Any]:
    """This function will give name and version, dependencies, plugins and modules.

    A name is `group:artifact`. Properties of this file are filled in; those of a parent elsewhere stay
    as they are written. "managed" are the versions it decides for others, as [name, version, line].
    """
    try:
        project = lined_xml.read(source)
    except Broken:
        return {"manifest": {}, "broken": True}
    if project.name != "project":
        return {"manifest": {}, "broken": True}
    known = _properties(project)
    managed = {
        name: (version, line)
        for name, version, _, line in _dependencies(project, known, "dependencyManagement")
    }
    said = {
        "name": ":".join(filter(None, (known["project.groupId"], known["project.artifactId"]))),
        "version": known["project.version"],
        "dependencies": [
            [name, version or managed.get(name, ("", 0))[0], scope, line]
            for name, version, scope, line in (
                *_dependencies(project, known),
                *_plugins(project, known),
            )
        ],
        "managed": [[name, *managed[name]] for name in sorted(managed)],
        "modules": sorted(one.text.strip() for one in project.each("modules", "module")),
    }
    return {"manifest": said, "broken": False}


def _properties(project: Element) -> dict[str, str]:
    known = {
        f"project.{key}": project.first(key) or project.first("parent", key)
        for key in ("groupId", "version")
    }
    known["project.artifactId"] = project.first("artifactId")
    known["project.parent.version"] = project.first("parent", "version")
    for block in project.each("properties"):
        known.update({one.name: one.text.strip()[:_LONGEST] for one in block.children})
    return {key: _filled(value, known) for key, value in known.items()}


def _filled(text: str, known: Mapping[str, str]) -> str:
    for _ in range(_LOOKS):
        filled = _PROPERTY.sub(lambda found: known.get(found[1], found[0]), text[:_LONGEST])
        if filled == text or len(filled) > _LONGEST:  # what names itself would grow for ever
            break
        text = filled
    return text[:_LONGEST]


def _dependencies(
    project: Element, known: Mapping[str, str], *place: str
) -> Iterator[tuple[str, str, str, int]]:
    for one in project.each(*place, "dependencies", "dependency"):
        scope = _SCOPES.get(one.first("scope"), "")
        if one.first("optional") == "true":
            scope = scope or "optional"
        yield _name(one, known), _filled(one.first("version"), known), scope, one.line


def _plugins(project: Element, known: Mapping[str, str]) -> Iterator[tuple[str, str, str, int]]:
    for one in project.each("build", "plugins", "plugin"):
        yield _name(one, known), _filled(one.first("version"), known), "build", one.line


def _name(one: Element, known: Mapping[str, str]) -> str:
    group = one.first("groupId") or _PLUGINS
    return f"{_filled(group, known)}:{_filled(one.first('artifactId'), known)}"
