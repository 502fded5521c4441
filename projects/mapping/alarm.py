"""When imports that must lead inside a repository lead nowhere, edges are missing: no oracle needed."""

from collections.abc import Iterator, Mapping
from typing import Any

_FEWEST = 20  # imports; a rate of fewer says nothing
_FIRST = 0.1  # of a first map; files that are built, not kept, are often imported
_JUMP = 0.05  # above twice the rate of the map before


def alarms(counts: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """This function will say which families of languages resolve suddenly less, a sentence each.

    It takes the counts of a map and of the one before it, `{}` where there is none.
    """
    return list(_alarms(counts.get("resolved", {}), before.get("resolved", {})))


def _alarms(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    for family, (inside, lost) in now.items():
        usual = _rate(*before[family]) if family in before else None
        most = _FIRST if usual is None else 2 * usual + _JUMP
        if inside >= _FEWEST and _rate(inside, lost) > most:
            change = "" if usual is None else f", {usual:.0%} on the map before"
            yield (
                f"{family}: {lost:,} of {inside:,} imports that must lead to a file of this "
                f"repository lead to none{change}: edges are missing."
            )


def _rate(inside: int, lost: int) -> float:
    return lost / inside if inside else 0.0
