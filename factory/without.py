"""Importing a library as it is where another, which it would make use of, is not installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(name: str) -> Iterator[None]:
    """This function will have imports in its block find no library of that name."""
    before = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment] — what Python understands as "there is none"
    try:
        yield
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before
