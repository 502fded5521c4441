"""Who reads a file: a language, a manifest's format, or whoever only counts its lines."""

from collections.abc import Callable
from typing import Any

from projects.mapping import languages, manifests

LINES_ONLY = "-"
CRASHED = "extractor crashed"
"""Why a file has no facts when whoever reads it failed."""


def key_of(path: str, language: str) -> str:
    """This function will name who reads a file; '' when its content tells nobody anything."""
    return manifests.key_of(path) or languages.key_of(path, language)


def reader(key: str) -> Callable[[bytes], dict[str, Any]]:
    """This function will give what reads one file's bytes."""
    return (manifests if is_manifest(key) else languages).reader(key)


def is_manifest(key: str) -> bool:
    """This function will say whether what is read speaks of a folder and not of a language."""
    return key.startswith(manifests.PREFIX)
