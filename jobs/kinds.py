"""The registry of job kinds: what may be enqueued, and who carries it out."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

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
        """This method will refuse arguments the handler could not be called with.

        Raises `BadArguments`, which names the argument, the cause and the cure.
        """
        takes = _signature(self.handler)
        said = f"arguments of {self.name}"
        if not isinstance(arguments, dict):
            raise BadArguments(f"{said}: give an object of names and values")
        for name in arguments:
            if name not in takes.named and not takes.others:
                known = ", ".join(takes.named) or "none at all"
                raise BadArguments(f"{said}: there is no {name!r}; give {known}")
        for name, (wanted, needed) in takes.named.items():
            if name not in arguments and needed:
                raise BadArguments(f"{said}: {name} is missing; give {word(wanted)}")
            if name in arguments and not fits(arguments[name], wanted):
                raise BadArguments(f"{said}: {name} must be {word(wanted)}")


@dataclass(frozen=True)
class _Signature:
    """What a handler takes besides its run: types, and whether each must be given."""

    named: dict[str, tuple[Any, bool]]
    others: bool


@cache
def _signature(handler: Handler) -> _Signature:
    parameters = list(inspect.signature(handler).parameters.values())[1:]
    hints = get_type_hints(handler)
    named = {
        one.name: (hints.get(one.name, Any), one.default is one.empty)
        for one in parameters
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
    }
    return _Signature(named, any(one.kind == one.VAR_KEYWORD for one in parameters))


def fits(value: Any, wanted: Any) -> bool:
    """This function will say whether a plain value is of an annotated type."""
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        return any(fits(value, one) for one in get_args(wanted))
    plain = origin or wanted
    if plain is float:
        plain = (int, float)
    if isinstance(value, bool) and plain is not bool:
        return wanted is Any  # True is no number, whatever Python says
    return wanted is Any or not isinstance(plain, type | tuple) or isinstance(value, plain)


def word(wanted: Any) -> str:
    """This function will call an annotated type what people call it."""
    if get_origin(wanted) in (Union, UnionType):
        return " or ".join(word(one) for one in get_args(wanted))
    return _WORDS.get(get_origin(wanted) or wanted, "a value")


_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
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
