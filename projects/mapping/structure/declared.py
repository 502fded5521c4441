"""What people declare of a repository: owners, a catalogue, services; and where it is not so."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from projects.mapping.structure import globs

Manifests = Mapping[str, Mapping[str, Any]]
_OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""The first of them counts, as GitHub has it."""
_MOST_TRIED = 20_000_000  # steps; 4 s, for a pattern nobody matches tries every file
_MOST_ASKED = 2_000_000  # steps of all patterns for one path; a page waits for them


class TooDear(Exception):
    """Patterns that would take too long; the text says how many there are, in one line."""


def owners(said: Manifests) -> list[dict[str, Any]]:
    """This function will list the rules about owners in their order; the last that matches wins."""
    known = said.get("manifest.codeowners", {})
    path = next((path for path in _OWNERS if path in known), "")
    return [
        {"pattern": pattern, "owners": names, "path": path, "line": line}
        for pattern, names, line in known.get(path, {}).get("rules", ())
    ]


def owner_of(rules: Iterable[dict[str, Any]]) -> Callable[[str], dict[str, Any] | None]:
    """This function will give what finds the rule that says who owns a path, or None.

    What it gives raises TooDear where nobody would wait for the answer.
    """
    ready = [(meant(rule["pattern"]), rule) for rule in reversed(list(rules))]

    def found(path: str) -> dict[str, Any] | None:
        size, steps = globs.Size.of([path]), 0
        for match, rule in ready:
            steps += globs.cost(rule["pattern"], size)
            if steps > _MOST_ASKED:
                raise TooDear(f"{len(ready)} patterns take too long")
            if match(path):
                return rule
        return None

    return found


def meant(pattern: str) -> globs.Match:
    """This function will give what says whether a pattern of CODEOWNERS means a path.

    Source: GitHub, "About code owners": the rules of gitignore, but `docs/*` is not what is deeper.
    """
    names = pattern.lstrip("/").split("/")
    anywhere = not pattern.startswith("/") and len([name for name in names if name]) < 2
    if anywhere and names[0] != "**":
        names = ["**", *names]
    if names[-1] == "":
        return globs.sequence([*names[:-1], "*", "**"])
    if names[-1] == "**":
        return globs.sequence([*names[:-1], "*", "**"])
    if names[-1] == "*" and not anywhere:
        return globs.sequence(names)
    return globs.sequence([*names, "**"])


def catalogue(said: Manifests) -> list[dict[str, Any]]:
    """This function will list the entities catalogue files declare."""
    found = {
        (one["kind"], one["name"], one["owner"], path, one["line"])
        for path, facts in said.get("manifest.catalog_info", {}).items()
        for one in facts.get("entities", ())
    }
    keys = ("kind", "name", "owner", "path", "line")
    return [dict(zip(keys, one, strict=True)) for one in sorted(found)]


def services(said: Manifests) -> list[dict[str, Any]]:
    """This function will list the services of compose files."""
    found = [
        {**service, "path": path}
        for path, facts in said.get("manifest.compose", {}).items()
        for service in facts.get("services", ())
    ]
    return sorted(found, key=lambda one: (one["path"], one["name"], one["line"]))


def unmatched(rules: Iterable[dict[str, Any]], paths: Iterable[str]) -> Iterable[tuple[str, str]]:
    """This function will find the rules about owners that mean no file: where each is, and why."""
    listed, every = list(rules), list(paths)
    size = globs.Size.of(every)
    if sum(globs.cost(rule["pattern"], size) for rule in listed) > _MOST_TRIED:
        return [(listed[0]["path"], f"not compared: {len(listed)} patterns, {len(every)} files")]
    tried = ((rule, meant(rule["pattern"])) for rule in listed)
    return [
        (f"{rule['path']}:{rule['line']} {rule['pattern']}", "no file matches")
        for rule, match in tried
        if not any(map(match, every))
    ]
