"""`go.work`: which modules of a repository are built together.

Source of the format: https://go.dev/ref/mod#go-work-file.
"""

from typing import Any

from projects.mapping.manifests.go_mod import directives, replaced

ECOSYSTEM = "go"


def facts(source: bytes) -> dict[str, Any]:
    """This function will read one go.work: the folders it uses, and what it replaces."""
    said: dict[str, Any] = {"used": [], "replaced": []}
    for words, _, line in directives(source):
        match words:
            case ["use", folder]:
                said["used"].append(folder)
            case ["replace", *rest]:
                said["replaced"] += replaced(rest, line)
    return {"manifest": said, "broken": not said["used"]}
