"""What `doctor` asks of this app."""

import re
from pathlib import Path

from jobs.ports import Check

NEEDED = (2, 38)  # safe.bareRepository and http.curloptResolve came by then


def git() -> Check:
    """This function will say whether a git that is new enough can be run as we run it."""
    from projects.git import door, environment

    answer: list[bytes] = []
    watch = door.Watch(deadline_s=10)
    try:
        variables = environment.for_reading(Path("/nonexistent"))
        door.run(["version"], variables, watch, answer.append)
    except OSError as error:
        return Check("git", False, str(error), "install git")
    said = b"".join(answer).decode(errors="replace").strip()
    found = re.search(r"(\d+)\.(\d+)", said)
    enough = found is not None and (int(found[1]), int(found[2])) >= NEEDED
    return Check("git", enough, said or "not found", "" if enough else "install git 2.38 or newer")
