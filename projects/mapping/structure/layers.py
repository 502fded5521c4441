"""Layers: what needs nothing below stands first."""

from collections.abc import Iterable

from projects.mapping import cycles


def layers(names: Iterable[str], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """This function will stand each name above all that it needs; a cycle is one layer together."""
    listed = list(names)
    links = [(src, dst) for src, dst in edges if src != dst]
    group = {name: name for name in listed}
    for circle in cycles.cycles(links):
        group.update(dict.fromkeys(circle, circle[0]))
    below: dict[str, set[str]] = {head: set() for head in group.values()}
    for src, dst in links:
        if group[src] != group[dst]:
            below[group[src]].add(group[dst])
    heights = _heights(below)
    found: list[list[str]] = [[] for _ in range(max(heights.values(), default=-1) + 1)]
    for name in sorted(listed):
        found[heights[group[name]]].append(name)
    return found


def _heights(below: dict[str, set[str]]) -> dict[str, int]:
    """The longest way down from each, without a circle and without recursion."""
    above: dict[str, list[str]] = {name: [] for name in below}
    waits = {name: len(lower) for name, lower in below.items()}
    for name, lower in below.items():
        for one in lower:
            above[one].append(name)
    heights = dict.fromkeys(below, 0)
    ready = [name for name, left in waits.items() if not left]
    while ready:
        name = ready.pop()
        for upper in above[name]:
            heights[upper] = max(heights[upper], heights[name] + 1)
            waits[upper] -= 1
            if not waits[upper]:
                ready.append(upper)
    return heights
