"""The registry of job kinds: what may be enqueued, and who carries it out."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    NamedTuple,
    TypedDict,
    Union,
    Unpack,
    get_args,
    get_origin,
    get_type_hints,
)

Handler = Callable[..., Any]
Verifier = Callable[[Any, Any], Any]
"""Given the run and the result; gives nothing when all is well, otherwise a text or `Failed`."""


class UnknownKind(LookupError):
    """Nobody registered a kind of that name."""


class InternalKind(UnknownKind):
    """A kind of which people make no jobs: only the code that registered it does."""


class BadArguments(ValueError):
    """The arguments do not fit the handler's signature."""


class Options(TypedDict, total=False):
    """What may be said of a kind besides its name; times in seconds.

    `timeout` bounds one attempt and `idle` the time without a sign of life: then an exception is
    raised in the handler, and after `grace` more its process is ended. `batch` lets completions be
    written together: only for kinds whose repetition is harmless. A `verifier` checks the work of a
    handler that says it succeeded, within the same limits; a text it gives is a failure of class bug.
    Above `memory_mb` MiB, held by its runner and its helpers together, a job is resource-exhausted.
    Jobs of an `internal` kind are made by the code that registered it, never by people.
    """

    queue: str
    timeout: float
    grace: float
    idle: float
    batch: bool
    max_attempts: int
    verifier: Verifier
    memory_mb: int | None
    internal: bool


@dataclass(frozen=True)
class Kind:
    """What is known of a kind before any job of it runs; `Options` tells what each field means."""

    name: str
    handler: Handler
    queue: str = "short"
    timeout: float = 60
    grace: float = 10
    idle: float = 60
    batch: bool = False
    max_attempts: int = 3
    verifier: Verifier | None = None
    memory_mb: int | None = None
    internal: bool = False

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[0]

    @property
    def parameters(self) -> "list[Parameter]":
        """What its handler takes besides its run, in order."""
        wants = _signature(self.handler).named
        takes = inspect.signature(self.handler).parameters
        return [
            Parameter(name, wanted, needed, None if needed else takes[name].default)
            for name, (wanted, needed) in wants.items()
        ]

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


class Between(NamedTuple):
    """The bounds of a number: `seconds: Annotated[float, Between(0, 60)]`."""

    low: float
    high: float


class Parameter(NamedTuple):
    """One argument of a handler: its annotated type, whether it must be given, and else its default."""

    name: str
    wanted: Any
    needed: bool
    default: Any


@dataclass(frozen=True)
class _Signature:
    """What a handler takes besides its run: types, and whether each must be given."""

    named: dict[str, tuple[Any, bool]]
    others: bool


@cache
def _signature(handler: Handler) -> _Signature:
    parameters = list(inspect.signature(handler).parameters.values())[1:]
    hints = get_type_hints(handler, include_extras=True)
    named = {
        one.name: (hints.get(one.name, Any), one.default is one.empty)
        for one in parameters
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
    }
    return _Signature(named, any(one.kind == one.VAR_KEYWORD for one in parameters))


def fits(value: Any, wanted: Any) -> bool:
    """This function will say whether a plain value is of an annotated type."""
    origin = get_origin(wanted)
    if origin is Annotated:
        plain, between = get_args(wanted)
        return fits(value, plain) and between.low <= value <= between.high
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
    if get_origin(wanted) is Annotated:
        plain, between = get_args(wanted)
        return f"{word(plain)} from {between.low:g} to {between.high:g}"
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


def register(name: str, **options: Unpack[Options]) -> Callable[[Handler], Handler]:
    """This function will make a handler known under a kind's name; `Options` tells what may be said."""
    if options.get("batch") and options.get("verifier"):
        raise ValueError(
            f"kind {name}: a batch cannot be verified job by job: leave out batch=True"
        )

    def add(handler: Handler) -> Handler:
        if name in _kinds and _kinds[name].handler.__module__ != handler.__module__:
            raise ValueError(f"kind {name}: registered twice")
        _kinds[name] = Kind(name, handler, **options)
        return handler

    return add


def get(name: str) -> Kind:
    """This function will find a kind, or raise `UnknownKind` with the names that exist."""
    try:
        return _kinds[name]
    except KeyError:
        known = ", ".join(sorted(_kinds))
        raise UnknownKind(f"kind {name!r}: nobody registered it; use one of {known}") from None


def offered(name: str, maker: str = "") -> Kind:
    """This function will find a kind of which people, or its own `maker`, may have jobs made.

    What an internal kind makes for itself it signs with its name. Raises `UnknownKind`.
    """
    found = get(name)
    if found.internal and maker != name:
        known = ", ".join(kind.name for kind in for_people())
        raise InternalKind(f"kind {name!r}: only the product makes its jobs; use one of {known}")
    return found


def is_internal(name: str) -> bool:
    """This function will say whether a name is that of an internal kind."""
    return name in _kinds and _kinds[name].internal


def allowance(name: str) -> str:
    """This function will say how long a job may take, and be silent; "" of a kind unknown here."""
    kind = _kinds.get(name)
    if kind is None:
        return ""
    return (
        f"{kind.timeout:g} s, then its handler is interrupted, {kind.grace:g} s later its process "
        f"ended; silent for at most {kind.idle:g} s"
    )


def for_people() -> list[Kind]:
    """This function will list the kinds of which people may have jobs made."""
    return [kind for kind in all_kinds() if not kind.internal]


def all_kinds() -> list[Kind]:
    """This function will list every kind by name."""
    return [_kinds[name] for name in sorted(_kinds)]
