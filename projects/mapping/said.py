"""What files say, in a file on disk: a large repository says more than fits into memory."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

Key = tuple[str, str]  # blob, key of `readers`
_IN_MEMORY = 16 << 20  # bytes; Django says 4 MB


class Spool:
    """Texts of JSON by key, kept in the order they come."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 — until forgotten
        self._places: dict[Key, tuple[int, int]] = {}
        self._end = 0

    def keep(self, key: Key, text: str) -> None:
        """This method will keep one text; a key is kept once."""
        data = text.encode()
        self._file.seek(self._end)
        self._file.write(data)
        self._places[key] = self._end, len(data)
        self._end += len(data)

    def read(self, key: Key) -> Any:
        """This method will decode the text of a key."""
        start, size = self._places[key]
        self._file.seek(start)
        return json.loads(self._file.read(size))

    def __contains__(self, key: object) -> bool:
        return key in self._places


class Said(Mapping[str, Any]):
    """What some files say, by raw path; each look decodes anew."""

    def __init__(self, spool: Spool, keys: Mapping[str, Key]) -> None:
        self._spool, self._keys = spool, keys

    def __getitem__(self, path: str) -> Any:
        return self._spool.read(self._keys[path])

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, path: object) -> bool:
        return path in self._keys
