"""What is let in: how large a body may be, and of which type, by address.

`factory.bridge` keeps the sizes before anything is stored; `factory.errors` answers 413 and 415.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MIB = 1024 * 1024
MOST_FIELDS = 1000
"""So many values an address or a form may hold."""
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_JSON = frozenset({"application/json"})


@dataclass(frozen=True)
class Door:
    """What may come in below one address."""

    prefix: str
    most_bytes: int
    types: frozenset[str]


DOORS = (
    Door("/hooks/", 25 * MIB, _JSON | _FORMS),  # GitHub sends at most 25 MB
    Door("/api/uploads/", 17 * MIB, frozenset({"multipart/form-data"})),  # a file of 16 MiB
    Door("/api/", MIB, _JSON),
    Door("/uploads/", 17 * MIB, _FORMS),
    Door("/", MIB, _FORMS),  # 200 addresses of 2,000 characters are 0.4 MB
)
LARGEST = max(door.most_bytes for door in DOORS)


def door(path: str) -> Door:
    """This function will give what may come in at an address."""
    return next((one for one in DOORS if path.startswith(one.prefix)), DOORS[-1])


def refusal(path: str, meta: Mapping[str, str]) -> int | None:
    """This function will give the status that refuses a body: 413, 415, or None to take it.

    `meta` is that of a request: its length and type as they were declared. The API says 415 itself,
    to those it knows: whoever it does not know is told 401, whatever they send.
    """
    entered = door(path)
    if _size(meta) > entered.most_bytes:
        return 413
    return None if path.startswith("/api/") or is_taken(path, meta) else 415


def is_taken(path: str, meta: Mapping[str, str]) -> bool:
    """This function will say whether a body is of a type that is taken at an address, or is none."""
    kind = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    return not _size(meta) or kind in door(path).types


def _size(meta: Mapping[str, str]) -> int:
    declared = meta.get("CONTENT_LENGTH") or "0"
    return int(declared) if declared.isascii() and declared.isdecimal() else 0


def fields(meta: Mapping[str, str]) -> int:
    """This function will count the values of an address as Django does, without reading them."""
    return meta.get("QUERY_STRING", "").count("&") + 1
