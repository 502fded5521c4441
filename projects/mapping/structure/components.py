"""Which component each file belongs to: from paths and manifests alone, so small edits move none."""

from collections.abc import Iterable, Mapping
from typing import Any


def assign(paths: Iterable[str], manifests: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """This function will name the component of each file; '' is the top of the repository."""
    return {path: path.partition("/")[0] if "/" in path else "" for path in paths}
