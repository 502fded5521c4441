"""The registry of job kinds: what may be enqueued, and who carries it out."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Handler = Callable[..., Any]


class UnknownKind(LookupError):
    """Nobody registered a kind of that name."""


class BadArguments(ValueError):
    """The arguments do not fit the handler's signature."""


@dataclass(frozen=True)
class Kind:
    """What is known of a kind before any job of it runs; times in seconds."""

    name: str
    handler: Handler
    queue: str
    timeout: float
    idle: float
    batch: bool
    max_attempts: int

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[0]

    def check(self, arguments: dict[str, Any]) -> None:
        """This method will refuse arguments the handler could not be called with."""
        try:
            inspect.signature(self.handler).bind(None, **arguments)
        except TypeError as error:
            raise BadArguments(f"arguments of {self.name}: {error}") from error


_kinds: dict[str, Kind] = {}


def register(
    name: str,
    *,
    queue: str = "short",
    timeout: float = 60,
    idle: float = 60,
    batch: bool = False,
    max_attempts: int = 3,
) -> Callable[[Handler], Handler]:
    """This function will make a handler known under a kind's name.

    `timeout` bounds one attempt and `idle` the time without a sign of life, in seconds. `batch`
    lets completions be written together: only for kinds whose repetition is harmless.
    """

    def add(handler: Handler) -> Handler:
        if name in _kinds and _kinds[name].handler.__module__ != handler.__module__:
            raise ValueError(f"kind {name}: registered twice")
        _kinds[name] = Kind(name, handler, queue, timeout, idle, batch, max_attempts)
        return handler

    return add


def get(name: str) -> Kind:
    """This function will find a kind, or raise `UnknownKind` with the names that exist."""
    try:
        return _kinds[name]
    except KeyError:
        known = ", ".join(sorted(_kinds))
        raise UnknownKind(f"kind {name!r}: nobody registered it; use one of {known}") from None


def all_kinds() -> list[Kind]:
    """This function will list every kind by name."""
    return [_kinds[name] for name in sorted(_kinds)]
