"""gradle.lockfile: the versions a build of Gradle really took."""

import re
from typing import Any

ECOSYSTEM = "maven"
_LINE = re.compile(r"([\w.\-]{1,200}:[\w.\-]{1,200}):([^=:\s]{1,100})=")


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the locked versions."""
    lines = source.decode(errors="replace").splitlines()
    matches = [(_LINE.match(line), number) for number, line in enumerate(lines, 1)]
    locked = [[match[1], match[2], number] for match, number in matches if match]
    return {"manifest": {"locked": sorted(locked)}, "broken": False}
