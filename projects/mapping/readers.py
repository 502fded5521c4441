"""Who reads a file: a language, a manifest's format, or whoever only counts its lines."""

from collections.abc import Callable
from typing import Any

from projects.mapping import languages, manifests
from projects.mapping.linguist import heuristics, tongues

_COUNTS = "-"
CRASHED = "extractor crashed"
"""Why a file has no facts when whoever reads it failed."""


def key_of(path: str, language: str) -> str:
    """This function will name who reads a file; '' when its content tells nobody anything."""
    return manifests.key_of(path) or languages.key_of(path, language)


def counter_of(path: str) -> str:
    """This function will name who counts the lines of a file that nobody reads.

    Where only its text can tell the language, the suffix that asks for it follows.
    """
    name = path.rpartition("/")[2]
    suffix = name.rpartition(".")[2].lower()
    asks = suffix in heuristics.SUFFIXES and name not in tongues.BY_NAME
    return _COUNTS + suffix * asks


def counts_only(key: str) -> bool:
    """This function will say whether nothing of a file is asked but its lines and its language."""
    return key.startswith(_COUNTS)


def suffix_of(key: str) -> str:
    """This function will give the suffix by which a text is to tell its language; '' is none."""
    return key.removeprefix(_COUNTS)


def reader(key: str) -> Callable[[bytes], dict[str, Any]]:
    """This function will give what reads one file's bytes."""
    return (manifests if is_manifest(key) else languages).reader(key)


def is_manifest(key: str) -> bool:
    """This function will say whether what is read speaks of a folder and not of a language."""
    return key.startswith(manifests.PREFIX)
