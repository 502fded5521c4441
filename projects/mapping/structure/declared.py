"""What people declare of a repository: owners, a catalogue, services; and where it is not so."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from projects.mapping.structure import globs

Manifests = Mapping[str, Mapping[str, Any]]
_OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""The first of them counts, as GitHub has it."""
_MOST_TRIED = 20_000_000  # steps; 4 s, for a pattern nobody matches tries every file
_MOST_ASKED = 2_000_000  # steps of all patterns for one path; a page waits for them
_MOST_COMPARED = 1_000_000  # and for all files of a map


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
    found, listed = _Rules(rules), list(rules)

    def owner(path: str) -> dict[str, Any] | None:
        if found.cost(globs.Size.of([path])) > _MOST_ASKED:
            raise TooDear(f"{len(listed)} patterns take too long")
        place = found.deciding(path)
        return None if place is None else listed[place]

    return owner


def deciding(rules: Iterable[dict[str, Any]], paths: Iterable[str]) -> list[int | None]:
    """This function will give the place of the rule that says who owns each path.

    Raises TooDear where a page could not wait for the answer.
    """
    found, every = _Rules(rules), list(paths)
    if found.cost(globs.Size.of(every)) > _MOST_COMPARED:
        raise TooDear(f"{len(found)} patterns and {len(every):,} files take too long")
    return [found.deciding(path) for path in every]


class _Rules:
    """Rules ready to be asked: those that name a place or a name are looked up, others are tried."""

    def __init__(self, rules: Iterable[dict[str, Any]]) -> None:
        self._places: dict[str, int] = {}  # a slash at the end: what is below alone
        self._names: dict[str, int] = {}
        self._tried: list[tuple[int, str, globs.Match]] = []
        self._known: dict[str, int] = {}
        self._all = 0
        for number, rule in enumerate(rules):
            self._all += 1
            self._learn(number, rule["pattern"])
        self._tried.reverse()

    def __len__(self) -> int:
        return self._all

    def _learn(self, number: int, pattern: str) -> None:
        names = pattern.lstrip("/").split("/")
        below = "/" if names[-1] == "" else ""
        wanted = names[:-1] if below else names
        if not wanted or not all(wanted) or "*" in pattern or "?" in pattern:
            self._tried.append((number, pattern, meant(pattern)))
        elif len(wanted) == 1 and not pattern.startswith("/"):
            self._names[wanted[0] + below] = number
        else:
            self._places["/".join(wanted) + below] = number

    def cost(self, paths: globs.Size) -> int:
        """How many steps it takes at most to try what must be tried."""
        return sum(globs.cost(pattern, paths) for _, pattern, _ in self._tried)

    def deciding(self, path: str) -> int | None:
        """The place of the last rule that means a path."""
        folder, _, name = path.rpartition("/")
        last = max(self._above(folder), self._places.get(path, -1), self._names.get(name, -1))
        for number, _, match in self._tried:
            if number < last:
                break
            if match(path):
                return number
        return None if last < 0 else last

    def _above(self, folder: str) -> int:
        """The last rule that names a folder or one above it."""
        if folder not in self._known:
            last, place = -1, ""
            for name in folder.split("/") if folder else ():
                place += name
                found = (self._places.get(place + end, -1) for end in ("", "/"))
                named = (self._names.get(name + end, -1) for end in ("", "/"))
                last = max(last, *found, *named)
                place += "/"
            self._known[folder] = last
        return self._known[folder]


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
