"""What happened, in sentences: the events of one project, or of all that somebody may see.

This is the one place that knows a sentence for each name of an event. One without a sentence is
shown by its name and what it is about.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    F,
    Func,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat
from django.db.models.lookups import GreaterThanOrEqual
from django.urls import reverse

from jobs import events, people
from jobs.models import Event, Job
from projects.models import Idea, Project, Repository, Spec, Task

PAGE = 50
SENTENCES = {
    "artefact.kept": "Version {version} of the file {name} was kept",
    "artefact.removed": "Version {version} of the file {name} was removed",
    "credential.kept": "A {kind} was kept that opens {subject}",
    "history.completed": "The history of {subject} was read up to {commit:.10}; it is {state}",
    "host.accepted": "The key of the ssh host {subject} was accepted",
    "map.completed": "{subject} was mapped at {commit:.10}",
    "map.pinned": "The map of {subject} at {commit:.10} was pinned",
    "map.unpinned": "The map of {subject} at {commit:.10} is no longer pinned",
    "member.added": "{user} was added as {role}",
    "member.changed": "{user} is {role} now",
    "member.invited": "Somebody was invited as {role}",
    "member.joined": "{user} joined as {role}",
    "member.left": "{user} is no longer a member",
    "password.changed": "{user} chose a new password",
    "person.entered": "{user} logged in",
    "person.left": "{user} logged out",
    "project.archived": "{subject} was archived; {jobs} of its jobs and {schedules} of its schedules were paused",
    "project.created": "The project {name} was made",
    "project.edited": "The project is called {name}, and its goal is “{goal}”",
    "project.moved": "{subject} moved from {from} to {to}",
    "project.unarchived": "{subject} was taken back; {jobs} of its jobs and {schedules} of its schedules go on",
    "project.removed": "The project {name} was removed, with its repositories ({repositories})",
    "repository.registered": "{subject} was registered",
    "repository.removed": "{subject} was removed, with its clone and its maps",
    "repository.synced": "{subject} was fetched; its newest commit is {commit:.10}",
    "system.steered": "{what}: {done}",
    "token.issued": "The token {subject} was made, with which programs {scope} as {user}",
    "token.revoked": "The token {subject} of {user} was revoked",
    **{
        f"{word}.{name}": sentence
        for word in ("idea", "spec", "task")
        for name, sentence in {
            "created": f"The {word} {{subject}} was written down",
            "edited": f"The {{fields}} of the {word} {{subject}} changed",
            "moved": f"The {word} {{subject}} went from {{old}} to {{new}}",
            "removed": f"The {word} {{subject}} was removed",
        }.items()
    },
    "task.ticked": "“{text}” of the task {subject} was {done}",
}
"""What is said of an event, with the fields of its payload; of `user` the name is said."""

Ids = Collection[int]
Finder = Callable[[Ids], Mapping[int, str]]
_finders: dict[str, Finder] = {}
LOOKED = 2_000
"""So many of the newest events are looked through before each project is asked for its own."""
_NAME = re.compile(r"[a-z_]{1,32}(\.[a-z_]{1,32})?")


class _AnyOf(Func):
    """Whether a number is in an array that a part of the same statement makes: by the index."""

    arg_joiner = " = ANY ("
    template = "%(expressions)s)"
    output_field = BooleanField()


@dataclass(frozen=True)
class Item:
    """One event as pages, programs and other modules show it.

    `link` leads to what it is about and `job` to the job that published it, if they are still there.
    """

    event: Event
    sentence: str
    who: str
    project: str
    slug: str
    link: str
    job: int | None


@dataclass(frozen=True)
class Filter:
    """Which events are meant.

    `name` is that of an event, or what stands before its dot; `actor` is as in user:7.
    """

    scope: int | None = None
    name: str = ""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def of(self, found: "QuerySet[Event]") -> "QuerySet[Event]":
        """This method will keep the events that match."""
        if self.scope is not None:
            found = found.filter(scope=self.scope)
        if self.name:
            found = found.filter(name__in=named(self.name))
        if self.actor:
            found = found.filter(actor=self.actor)
        if self.since:
            found = found.filter(created_at__gte=self.since)
        return found.filter(created_at__lte=self.until) if self.until else found


@dataclass(frozen=True)
class Page:
    """One page of a feed, newest first, and the id the next page begins below."""

    items: list[Item]
    older: int | None

    @property
    def rows(self) -> str:
        """The topics of its rows, as `data-rows` holds them."""
        return " ".join(f"event:{item.event.pk}" for item in self.items)


def about(field: str, finder: Finder) -> None:
    """This function will have items link to what a field of their payload names.

    `finder` gives the addresses of those ids that are still there, with one question.
    """
    _finders[field] = finder


def kinds() -> list[str]:
    """This function will name what a feed can be filtered by: groups of events, and each event."""
    names = [schema.name for schema in events.all_schemas() if schema.name in SENTENCES]
    return sorted({*names, *(name.partition(".")[0] for name in names)})


def named(kind: str) -> list[str]:
    """This function will give the names of the events of a kind: one name, or those of a group."""
    if "." in kind or not _NAME.fullmatch(kind):
        return [kind]
    return [one.name for one in events.all_schemas() if one.name.startswith(f"{kind}.")]


def page(user: Any, chosen: Filter, below: int | None = None, limit: int = PAGE) -> Page:
    """This function will read one page of what `user` may see, newest first."""
    listed = list(_recent(user, chosen, below)[: limit + 1]) if _is_wide(user, chosen) else []
    if len(listed) <= limit:
        listed = list(_whole(user, chosen, limit + 1, below)[: limit + 1])
    shown = told(listed[:limit])
    return Page(shown, listed[limit - 1].pk if len(listed) > limit else None)


def newest(user: Any, chosen: Filter, limit: int, below: int | None = None) -> "QuerySet[Event]":
    """This function will find the first `limit` events of a feed, and perhaps more: slice it.

    What happened last anywhere is looked through first: that is enough for who sees much of it.
    Else of each project its own newest are: the events of others, however many, cost nothing.
    """
    if not _is_wide(user, chosen):
        return _whole(user, chosen, limit, below)
    recent = ArraySubquery(_recent(user, chosen, below).values("pk")[:limit])
    enough = GreaterThanOrEqual(Func(recent, function="cardinality"), limit)
    found = Case(When(enough, then=recent), default=_of_each(user, chosen, limit, below))
    return Event.objects.filter(_AnyOf(F("pk"), found)).order_by("-pk")


def _whole(user: Any, chosen: Filter, limit: int, below: int | None) -> "QuerySet[Event]":
    """The same without a look at what happened last anywhere."""
    if not _is_wide(user, chosen):
        return _before(chosen.of(Event.objects.visible_to(user)), below)
    found = _of_each(user, chosen, limit, below)
    return Event.objects.filter(_AnyOf(F("pk"), found)).order_by("-pk")


def _of_each(user: Any, chosen: Filter, limit: int, below: int | None) -> ArraySubquery:
    """The newest ids among those of each project somebody may see."""
    # scope__gt: else the index of scopes, which leaves out the facts for staff, is not used.
    ours = Event.objects.filter(scope=OuterRef("pk"), scope__gt=0)
    own = _before(chosen.of(ours), below).values("pk")[:limit]
    unnested = Func(ArraySubquery(own), function="unnest", output_field=BigIntegerField())
    ids = Project.objects.visible_to(user).annotate(event=unnested).order_by("-event")
    return ArraySubquery(ids.values("event")[:limit])


def _is_wide(user: Any, chosen: Filter) -> bool:
    """Whether events of many projects, but not of all, are looked for."""
    return not (
        user.is_staff or chosen.scope is not None or chosen.actor or chosen.since or chosen.until
    )


def _recent(user: Any, chosen: Filter, below: int | None) -> "QuerySet[Event]":
    """What somebody may see of the last LOOKED events, of whatever projects."""
    newest = Subquery(Event.objects.order_by("-pk").values("pk")[:1])
    end = newest if below is None else Value(below)
    # Both ends: the planner thinks of a third of all events where only one is said.
    seen = Event.objects.visible_to(user).filter(pk__gt=end - LOOKED, pk__lte=end)
    return _before(chosen.of(seen), below)


def _before(found: "QuerySet[Event]", below: int | None) -> "QuerySet[Event]":
    found = found.order_by("-pk")
    return found if below is None else found.filter(pk__lt=below)


def told(found: Iterable[Event]) -> list[Item]:
    """This function will put events into words, with one question for each kind of thing named."""
    listed = list(found)
    said = [_payload(event) for event in listed]
    # Whom the event names, never whom somebody's words seem to.
    named = [f"user:{payload.get('user')}" for payload in said]
    names = people.names_of([*named, *(event.actor for event in listed)])
    scopes = {event.scope for event in listed if event.scope is not None}
    projects = Project.objects.only("name", "slug").in_bulk(scopes)
    links = _links(said)
    made_by = {event.job_id for event in listed if event.job_id}
    jobs = set(Job.objects.filter(pk__in=made_by).values_list("pk", flat=True))
    items = []
    for event, payload, user in zip(listed, said, named, strict=True):
        project = projects.get(event.scope or 0)
        items.append(
            Item(
                event=event,
                sentence=_sentence(event, payload, people.named(user, names)),
                who=people.named(event.actor, names),
                project=project.name if project else "",
                slug=project.slug if project else "",
                link=_link(payload, links),
                job=event.job_id if event.job_id in jobs else None,
            )
        )
    return items


def as_rows(found: "QuerySet[Event]") -> "QuerySet[Event]":
    """This function will add each event's topic as `row`."""
    number = Cast("pk", CharField())
    return found.annotate(row=Concat(Value("event:"), number, output_field=CharField()))


def _payload(event: Event) -> dict[str, Any]:
    try:
        return events.payload(event)
    except events.BadEvent:  # of later code, or of a name nobody registers any more
        return {}


def _sentence(event: Event, payload: dict[str, Any], user: str) -> str:
    try:
        plain = {name: _plain(name, value) for name, value in payload.items()}
        plain |= {"user": user} if "user" in payload else {}
        sentence = SENTENCES[event.name].format(**{**plain, "subject": event.subject})
    except (KeyError, ValueError):
        return f"{event.name}: {event.subject}" if event.subject else event.name
    reason = payload.get("reason")
    return f"{sentence}: {reason}" if reason else f"{sentence}."


def _plain(name: str, value: Any) -> Any:
    """A list as people write it, a state in small letters, what became of a box."""
    if name in ("old", "new"):
        return str(value).replace("_", " ").lower()
    if isinstance(value, bool):
        return "ticked" if value else "opened again"
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _links(said: Iterable[dict[str, Any]]) -> dict[tuple[str, int], str]:
    """The addresses of all things that payloads name and that still exist."""
    wanted: dict[str, set[int]] = {}
    for payload in said:
        for field in payload.keys() & _finders.keys():
            wanted.setdefault(field, set()).add(payload[field])
    return {
        (field, pk): address
        for field, ids in wanted.items()
        for pk, address in _finders[field](ids).items()
    }


def _link(payload: dict[str, Any], links: Mapping[tuple[str, int], str]) -> str:
    found = (links.get((field, payload[field])) for field in _finders if field in payload)
    return next((address for address in found if address), "")


def _repositories(ids: Collection[int]) -> dict[int, str]:
    found = Repository.objects.filter(pk__in=ids)
    rows = found.values_list("pk", "project__slug", "current_map_id")
    return {
        pk: reverse("projects:map", args=[slug, pk])
        if mapped
        else reverse("projects:page", args=[slug])
        for pk, slug, mapped in rows
    }


def _planned(word: str, model: Any, ids: Collection[int]) -> dict[int, str]:
    rows = model.objects.filter(pk__in=ids).values_list("pk", "project__slug")
    return {pk: reverse(f"projects:{word}", args=[slug, pk]) for pk, slug in rows}


about("repository", _repositories)
for _word, _model in (("idea", Idea), ("spec", Spec), ("task", Task)):
    about(_word, partial(_planned, _word, _model))
