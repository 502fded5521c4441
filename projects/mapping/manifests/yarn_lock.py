"""yarn.lock, of either generation: the version each constraint leads to.

A locked version has a fourth part here: the constraint it answers.
"""

import re
from typing import Any

from projects.mapping import untrusted

ECOSYSTEM = "npm"
_WANTED = re.compile(r"(?P<name>(?:@[^/@]+/)?[^/@]+)@(?:npm:)?(?P<constraint>.*)")
_VERSION = re.compile(r' +"?version"?:? "?([^"\s]+)"?$')


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the locked versions."""
    locked: list[list[Any]] = []
    wanted: list[str] = []
    begun = 0
    for line, text in enumerate(untrusted.lines(source), 1):
        if text and not text[0].isspace() and text[0] != "#" and text.endswith(":"):
            wanted, begun = text[:-1].split(","), line
        elif wanted and (version := _VERSION.match(text)):
            for one in wanted:
                if known := _WANTED.match(one.strip().strip('"')):
                    locked.append([known["name"], version[1], begun, known["constraint"]])
            wanted = []
    return {"manifest": {"locked": locked}, "broken": False}
