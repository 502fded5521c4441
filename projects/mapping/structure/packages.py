"""What is installed from elsewhere, in which version, and under which names this is installed."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from projects.mapping import manifests, roles

Manifests = Mapping[str, Mapping[str, Any]]
_EXACT = re.compile(r"={0,3}\s*v?\d+(\.\d+)*([-+.]?[\w.+-]+)?")
_FOR_DEVELOPERS = re.compile(r"(^|[-_./])(dev|develop|development|tests?|docs?|lint|ci)([-_./]|$)")
_RANGES = ("cargo",)  # where a bare version means "compatible with"
_REQUIREMENTS = "requirements"


@dataclass(frozen=True, order=True)
class Wanted:
    """One dependency as its manifest declares it."""

    path: str
    line: int
    ecosystem: str
    name: str
    constraint: str
    scope: str


@dataclass
class Locks:
    """Locked versions by ecosystem, folder of the lock file, name, and what they are locked for."""

    kept: dict[tuple[str, str, str], dict[str, str]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def version(self, one: Wanted) -> str:
        """This method will give the version that is installed for a dependency; '' is not known."""
        name, folder = normal(one.ecosystem, one.name), one.path.rpartition("/")[0]
        at = folder
        while True:
            known = self.kept.get((one.ecosystem, at, name))
            if known:
                return _chosen(known, folder[len(at) :].strip("/"), one.constraint)
            if not at:
                return ""
            at = at.rpartition("/")[0]


def normal(ecosystem: str, name: str) -> str:
    """This function will give the one spelling of a name its registry compares. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower() if ecosystem == "pypi" else name


def wanted(said: Manifests) -> list[Wanted]:
    """This function will give every dependency that is declared, sorted."""
    return sorted(
        {
            Wanted(path, line, ecosystem, name, constraint, scope or _scope(key, path))
            for ecosystem, key, path, facts in _own(said)
            if not _is_compiled(path, said[key])
            for name, constraint, scope, line in facts.get("dependencies", ())
        }
    )


def dependencies(
    declared: list[Wanted], said: Manifests, published: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """This function will list what is installed from elsewhere: each with its version, if known."""
    own = {(one["ecosystem"], normal(one["ecosystem"], one["name"])) for one in published}
    known = locks(said)
    return [
        {
            "ecosystem": one.ecosystem,
            "name": one.name,
            "constraint": one.constraint,
            "version": known.version(one) or _exact(one),
            "scope": one.scope,
            "path": one.path,
            "line": one.line,
        }
        for one in declared
        if (one.ecosystem, normal(one.ecosystem, one.name)) not in own
    ]


def publishes(said: Manifests) -> list[dict[str, Any]]:
    """This function will list the names under which packages of this repository are installed."""
    found = {
        (ecosystem, str(facts["name"]), str(facts.get("version") or ""), path)
        for ecosystem, _, path, facts in _own(said)
        if facts.get("name") and not roles.role_of(path)
    }
    keys = ("ecosystem", "name", "version", "path")
    return [dict(zip(keys, one, strict=True)) for one in sorted(found)]


def commands(said: Manifests) -> list[dict[str, Any]]:
    """This function will list the commands that installing a package of this repository brings."""
    keys = {"npm": "bin", "pypi": "scripts"}
    found = {
        (path, line, name)
        for ecosystem, _, path, facts in _own(said)
        for name, _, line in facts.get(keys.get(ecosystem, ""), ())
    }
    return [{"path": path, "line": line, "what": what} for path, line, what in sorted(found)]


def locks(said: Manifests) -> Locks:
    """This function will read every locked version."""
    found = Locks()
    for ecosystem, key, path, facts in _own(said):
        folder = path.rpartition("/")[0]
        for name, version, _, *of in facts.get("locked", ()):
            found.kept[ecosystem, folder, normal(ecosystem, name)][of[0] if of else ""] = version
        if _is_compiled(path, said[key]):
            for name, constraint, _, _ in facts.get("dependencies", ()):
                version = constraint.lstrip("= ")
                found.kept[ecosystem, folder, normal(ecosystem, name)][""] = version
    return found


def _own(said: Manifests) -> Iterator[tuple[str, str, str, Any]]:
    """What was written for this repository: no copies of others, no fixtures of tests."""
    for key in sorted(said):
        ecosystem = manifests.ecosystem(key)
        for path, facts in sorted(said[key].items()) if ecosystem else ():
            role = roles.role_of(path)
            kept = role != roles.VENDORED and (role != roles.TEST or key.endswith(_REQUIREMENTS))
            if kept and isinstance(facts, Mapping):
                yield ecosystem, key, path, facts


def _is_compiled(path: str, beside: Mapping[str, Any]) -> bool:
    """What a tool wrote from the requirements beside it is what it locks."""
    return path.endswith(".txt") and f"{path.removesuffix('.txt')}.in" in beside


def _chosen(known: Mapping[str, str], folder: str, constraint: str) -> str:
    for of in (folder, constraint, ""):
        if of in known:
            return known[of]
    versions = set(known.values())
    return versions.pop() if len(versions) == 1 else ""


def _scope(key: str, path: str) -> str:
    """Files of requirements say in their names who needs what they list."""
    return "dev" if key.endswith(_REQUIREMENTS) and _FOR_DEVELOPERS.search(path) else ""


def _exact(one: Wanted) -> str:
    if one.ecosystem in _RANGES or not _EXACT.fullmatch(one.constraint):
        return ""
    return one.constraint.lstrip("= ")
