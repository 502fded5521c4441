"""What a path alone tells of a file: that it is vendored, documentation, or was generated."""

import re
from collections.abc import Iterable
from functools import lru_cache

from projects.mapping import linguist

_REMEMBERED = 10_000  # folders
_ANYTHING = re.compile(r"^\(\.\*\?\)|^\(\[\^\\s\]\*\)")  # what a search passes over by itself
_SEGMENT = re.compile(r"^\((?:\^\|\\?/|\\?/\|\^)\)")
# Source: linguist's generated.rb, the rules that look at the name and nothing else.
_GENERATED = r"""
    \.(?:nib|xcworkspacedata|xcuserstate)$
    (^|/)\.idea/
    (^|/)Pods/
    (^|/)Carthage/Build/
    __generated__/
    (?i:\.designer\.(?:cs|vb)$)
    (?i:\.feature\.cs$)
    (?:composer|Cargo|deno|poetry|pdm|uv|pixi|Pipfile)\.lock
    Cargo\.toml\.orig
    (^|/)flake\.lock$
    (^|/)MODULE\.bazel\.lock$
    node_modules/
    vendor/(?:(?!-)[-0-9A-Za-z]+(?<!-)\.)+(?:com|edu|gov|in|me|net|org|fm|io)
    (?:Gopkg|glide)\.lock
    Package\.resolved
    (^|/)(?:\w+\.)?esy.lock$
    npm-shrinkwrap\.json
    package-lock\.json
    pnpm-lock\.yaml
    (^|/)yarn\.lock$
    (^|/)bun\.lockb?$
    (^|/)\.terraform\.lock\.hcl$
    (^|/)\.pnp\..*$
    Godeps/
    .\.zep\.(?:c|h|php)$
    (^|/)htmlcov/
    (?i:\.(?:css|js)\.map$)
    (^|/)(?i:gradlew(?:\.bat)?$)
    (^|/)(?i:mvnw(?:\.cmd)?$)
    (^|/)mise(?:\.[^/]+)?\.lock$
    (^|/)\.secrets\.baseline$
    (^|/)(?:Julia)?Manifest(?:-v\d+\.\d+)?\.toml$
    (^|/)sorbet/rbi/
    (^|/)\.sqlx/query-.+\.json$
"""


class Rules:
    """Many rules as a few expressions: those about folders are asked once for each folder."""

    def __init__(self, rules: Iterable[str]) -> None:
        groups: dict[str, list[str]] = {"folder": [], "name": [], "path": []}
        for rule in rules:
            own = _SEGMENT.sub("", rule)
            about = (
                "folder" if own.endswith("/") else "path" if "/" in own or own[0] == "^" else "name"
            )
            groups[about].append(rule)
        self._of_folders, self._of_names, self._of_paths = map(_any, groups.values())
        self._in = lru_cache(_REMEMBERED)(self._of_folders.search)

    def search(self, path: str) -> bool:
        """This method will say whether a rule means a path."""
        cut = path.rfind("/") + 1
        return bool(
            (cut and self._in(path[:cut]))
            or self._of_names.search(path[cut:])
            or self._of_paths.search(path)
        )


def _any(rules: Iterable[str]) -> re.Pattern[str]:
    """Those that begin with a name stand apart, so that few are tried at a place."""
    own = [(bool(_SEGMENT.match(rule)), _SEGMENT.sub("", rule)) for rule in rules]
    names = "|".join(rule for begins, rule in own if begins)
    rest = [rule for begins, rule in own if not begins]
    return re.compile("|".join([*([f"(?:^|/)(?:{names})"] if names else []), *rest]) or r"(?!)")


VENDORED = Rules(_ANYTHING.sub("", rule) for rule in linguist.lines("vendored.txt"))
DOCUMENTATION = Rules(linguist.lines("documentation.txt"))
GENERATED = Rules(_GENERATED.split())
