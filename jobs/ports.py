"""The six ports through which the upper apps tell this one what it may not import.

They are filled in `AppConfig.ready()` and read at run time.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet


@dataclass
class Scopes:
    """Which scopes (project ids) a user may see, and what they may do there."""

    visible: Callable[[Any], Iterable[int]] = lambda user: ()
    allows: Callable[[Any, str, int | None], bool] = lambda user, act, scope: False
    where: Callable[[Any, str], Iterable[int]] = lambda user, act: ()
    label: Callable[[Collection[int]], Mapping[int, str]] = lambda ids: {}
    named: Callable[[str], int | None] = lambda slug: None

    def provide(
        self,
        *,
        visible: Callable[[Any], Iterable[int]],
        allows: Callable[[Any, str, int | None], bool],
        where: Callable[[Any, str], Iterable[int]],
        label: Callable[[Collection[int]], Mapping[int, str]],
        named: Callable[[str], int | None],
    ) -> None:
        """This method will put the upper app's answers in place."""
        self.visible, self.allows, self.where = visible, allows, where
        self.label, self.named = label, named


@dataclass(frozen=True)
class Topic:
    """Something a page can watch: `name:key`. Each answer is one query for all keys.

    `allowed` gives those of the keys the user may watch; a key missing from `fingerprints` is gone.
    What is `unhurried`, a list or a count, is read again once a second, before the tick that says
    how fresh the page is; all else ten times.
    """

    name: str
    allowed: Callable[[Any, Collection[str]], Collection[str]]
    fingerprints: Callable[[Collection[str]], Mapping[str, str]]
    render: Callable[[Collection[str]], Mapping[str, str]]
    unhurried: bool = False


@dataclass(frozen=True)
class Check:
    """One answer of `doctor`: true or not, what was seen, and the cure.

    A warning is worth a look, but nothing is broken by it.
    """

    name: str
    ok: bool
    detail: str
    cure: str = ""
    warning: bool = False


class Disagreement(NamedTuple):
    """What the board says of something, what is real, and since when."""

    what: str
    board: str
    reality: str
    since: datetime | None


class Found(NamedTuple):
    """What a question of `verify_board` looked at, in words, and what disagreed."""

    covered: str
    disagreements: list[Disagreement]


Audit = Callable[[Any], Found]
"""A question of `verify_board`; it is given a raw connection of its own."""


@dataclass(frozen=True)
class Subscriber:
    """A kind of job that is enqueued for each event of one name."""

    kind: str
    arguments: Callable[[Any], dict[str, Any]]
    options: Callable[[Any], dict[str, Any]] = lambda event: {}


@dataclass(frozen=True)
class Need:
    """One thing that waits for a person: the word it shows, what it is, why, and since when.

    `verb` stands on the button of the one act that comes first, whose page is `act`; a page that
    asks before it acts can be shown in a dialog, and `post` is for one that does not ask.
    """

    word: str
    what: str
    href: str
    why: str
    since: datetime | None
    verb: str
    act: str
    post: bool = False
    project: str = ""


@dataclass(frozen=True)
class NeedSource:
    """A kind of things that wait for people, and the address of them all.

    `find` gives the rows that wait for one user, in the order they are shown. `read` reads those with
    some keys, once for all sources that read the same, and `tell` puts one of them into words.
    `moved` names the field that changes with what is said.
    """

    title: str
    more: Callable[[], str]
    find: Callable[[Any], QuerySet[Any]]
    read: Callable[[Collection[Any]], Mapping[Any, Any]]
    tell: Callable[[Any], Need]
    moved: str = "updated_at"


class Needs(dict[int, NeedSource]):
    """What may need a person, by rank: the lowest is shown first."""

    def register(self, rank: int, source: NeedSource) -> None:
        """This method will add one source."""
        self[rank] = source


class Topics(dict[str, Topic]):
    """What sockets may subscribe to, by name."""

    def register(self, topic: Topic) -> None:
        """This method will add one topic."""
        self[topic.name] = topic


class Checks(dict[str, Callable[[], Check]]):
    """What `doctor` asks, by name."""

    def register(self, name: str, check: Callable[[], Check]) -> None:
        """This method will add one question."""
        self[name] = check


class Audits(dict[str, Audit]):
    """What `verify_board` asks besides the ledger's own questions, by name."""

    def register(self, name: str, audit: Audit) -> None:
        """This method will add one question."""
        self[name] = audit


class Subscribers(dict[str, list[Subscriber]]):
    """Who wants which event, by event name."""

    def register(self, event: str, subscriber: Subscriber) -> None:
        """This method will add one subscriber."""
        self.setdefault(event, []).append(subscriber)


scopes = Scopes()
topics = Topics()
checks = Checks()
audits = Audits()
subscribers = Subscribers()
needs = Needs()
