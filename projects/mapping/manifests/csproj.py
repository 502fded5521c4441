"""*.csproj and its kin: what a project of .NET is called and needs.

Source: the NuGet documentation, "PackageReference in project files" and "Central Package Management".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from projects.mapping.manifests import lined_xml
from projects.mapping.manifests.lined_xml import Element
from projects.mapping.untrusted import Broken

ECOSYSTEM = "nuget"
_PROPERTY = re.compile(r"\$\(([\w.]+)\)")
_LONGEST = 300  # characters of a property


def facts(source: bytes) -> dict[str, Any]:
    """This function will give name, version, packages, and the projects that are referred to.

    A project without a name of its own has that of its file, which is not known here. "usings" are
    the namespaces all its files see, each [name, alias or '', static, line]; "locked" are the versions it
    decides for other projects.
    """
    try:
        project = lined_xml.read(source)
    except Broken:
        return {"manifest": {}, "broken": True}
    if project.name not in ("Project", "packages"):
        return {"manifest": {}, "broken": True}
    if project.name == "packages":
        return {"manifest": {"dependencies": sorted(_listed(project))}, "broken": False}
    properties = {one.name: one.text.strip()[:_LONGEST] for one in _items(project, "PropertyGroup")}
    said = {
        key: _filled(properties[given], properties)
        for key, given in (
            ("name", "AssemblyName"),
            ("name", "PackageId"),
            ("version", "VersionPrefix"),
            ("version", "Version"),
        )
        if properties.get(given) and "$(" not in _filled(properties[given], properties)
    }
    return {"manifest": said | _groups(project, properties), "broken": False}


def _groups(project: Element, properties: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, list[Any]] = {"dependencies": [], "locked": [], "projects": [], "usings": []}
    for item in _items(project, "ItemGroup"):
        name = item.attributes.get("Include") or item.attributes.get("Update", "")
        if not name or "$(" in name:
            continue
        version = _filled(_version(item), properties)
        if item.name == "PackageReference":
            found["dependencies"].append([name, version, _scope(item), item.line])
        elif item.name == "PackageVersion":
            found["locked"].append([name, version, item.line])
        elif item.name == "ProjectReference":
            found["projects"].append([name.replace("\\", "/"), item.line])
        elif item.name == "Using":
            alias, static = item.attributes.get("Alias", ""), item.attributes.get("Static", "")
            found["usings"].append([name, alias, static.lower() == "true", item.line])
    return {key: sorted(values) for key, values in found.items()}


def _filled(text: str, properties: Mapping[str, str]) -> str:
    """Properties of this file are filled in, once; those of others stay as they are written."""
    return _PROPERTY.sub(lambda found: properties.get(found[1], found[0]), text[:_LONGEST])


def _items(project: Element, group: str) -> Iterator[Element]:
    for one in project.each(group):
        yield from one.children


def _version(item: Element) -> str:
    given = item.attributes
    return given.get("VersionOverride") or given.get("Version") or item.first("Version")


def _scope(item: Element) -> str:
    private = item.attributes.get("PrivateAssets") or item.first("PrivateAssets")
    return "dev" if private.lower() == "all" else ""


def _listed(project: Element) -> Iterator[list[Any]]:
    """packages.config, the format before."""
    for one in project.each("package"):
        given = one.attributes
        scope = "dev" if given.get("developmentDependency") == "true" else ""
        if given.get("id"):
            yield [given["id"], given.get("version", ""), scope, one.line]
