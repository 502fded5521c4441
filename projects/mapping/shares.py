"""How much of a repository is written in which language.

Source: github-linguist: bytes of programming and markup languages, without what is vendored,
generated or documentation; a dialect is counted under the language it belongs to.
"""

from collections.abc import Collection, Iterable
from typing import Any

from projects.mapping.linguist import tongues
from projects.mapping.made import MapFile


def of(mapped: Iterable[MapFile], counted: Collection[str]) -> dict[str, dict[str, Any]]:
    """This function will give files, bytes, lines and percentage of each language, largest first.

    Only the paths in `counted` have a part in the percentage; the other figures are of all files.
    """
    found: dict[str, dict[str, Any]] = {}
    own: dict[str, int] = {}
    for file in mapped:
        name = tongues.GROUPS.get(file.language, file.language)
        totals = found.setdefault(name, {"files": 0, "bytes": 0, "lines": 0})
        totals["files"] += 1
        totals["bytes"] += file.bytes
        totals["lines"] += file.lines
        own[name] = own.get(name, 0) + (file.bytes if file.path in counted else 0)
    whole = sum(own.values()) or 1
    for name, totals in found.items():
        totals["share"] = round(100 * own[name] / whole, 2)
    return dict(sorted(found.items(), key=lambda item: (-item[1]["bytes"], item[0])))
