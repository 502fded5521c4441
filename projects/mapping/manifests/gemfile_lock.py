"""`Gemfile.lock`: the versions Bundler chose.

Source of the format: Bundler's LockfileParser: a gem stands four spaces deep under `specs:`.
"""

import re
from typing import Any

ECOSYSTEM = "rubygems"
_SPEC = re.compile(r"^ {4}([\w.-]{1,200}) \(([^()\s]{1,100})\)\s*$")
_MOST = 50_000


def facts(source: bytes) -> dict[str, Any]:
    """This function will read one lock file."""
    lines = source.decode(errors="replace").splitlines()
    specs = ((number, _SPEC.match(line[:400])) for number, line in enumerate(lines, 1))
    locked = [[spec[1], spec[2], number] for number, spec in specs if spec]
    return {"manifest": {"locked": locked[:_MOST]}, "broken": len(locked) > _MOST}
