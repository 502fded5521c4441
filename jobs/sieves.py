"""Filters of the admin's lists that read no table to offer what there is, however long it is."""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from jobs import kinds, ports
from jobs.plain import printable

LONGEST = 200
"""So many characters a filter's text has at most."""
AGES = {"1h": "last hour", "24h": "last 24 hours", "7d": "last 7 days", "30d": "last 30 days"}
_AGE = re.compile(r"(\d{1,4})([hd])")


class _Written(admin.SimpleListFilter):
    """A filter with a form of its own; the other filters stay as they are."""

    template = "admin/written_filter.html"
    hint = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """This method will offer nothing to choose: people write."""
        return []

    @property
    def name(self) -> str:
        """What it is called in addresses."""
        return str(self.parameter_name)

    def has_output(self) -> bool:
        """This method will show it always."""
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        """This method will give the form its fields, and those of the other filters."""
        self.others = _others(changelist, [self.name, "p"])
        text = self.value() or ""
        yield {"name": self.name, "value": text, "label": self.title, "type": "text"}


class InProject(_Written):
    """The rows of one project, named by its slug or its number."""

    title = "project"
    parameter_name = "project"
    hint = "Its slug, as in addresses, or its number."
    path = "scope"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """This method will keep the rows of the project; an unknown one is refused."""
        text = printable(self.value() or "").strip()[:LONGEST]
        if not text:
            return queryset
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
        scope = ports.scopes.named(text) or number
        if scope is None:
            raise BadRequest(f"project={text[:40]}: there is no such project; give its slug.")
        return queryset.filter(**{self.path: scope})


def in_project(path: str) -> type[InProject]:
    """This function will make the filter for models that reach their project by `path`."""
    return type("InProject", (InProject,), {"path": path})


def exactly(path: str, name: str = "", hint: str = "Exactly as it stands.") -> type[_Written]:
    """This function will make a filter of one text, compared as a whole: an index finds it."""

    def queryset(self: Any, request: HttpRequest, rows: "QuerySet[Any]") -> "QuerySet[Any]":
        text = printable(self.value() or "").strip()[:LONGEST]
        return rows.filter(**{path: text}) if text else rows

    title = name or path.replace("_", " ")
    members = {"title": title, "parameter_name": path, "hint": hint, "queryset": queryset}
    return type("Exactly", (_Written,), members)


def numbered(path: str, name: str) -> type[_Written]:
    """This function will make a filter of one number, such as a job's."""

    def queryset(self: Any, request: HttpRequest, rows: "QuerySet[Any]") -> "QuerySet[Any]":
        text = (self.value() or "").strip().removeprefix("#")
        if not text:
            return rows
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise BadRequest(f"{path}={printable(text)[:40]} is no number.")
        return rows.filter(**{path: int(text)})

    members = {"title": name, "parameter_name": path, "hint": "Its number.", "queryset": queryset}
    return type("Numbered", (_Written,), members)


def one_of(path: str, name: str, words: Callable[[], Collection[str]]) -> type[Any]:
    """This function will make a filter of known words: reading them from the rows would scan them."""

    def lookups(self: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word) for word in words()]

    def queryset(self: Any, request: HttpRequest, rows: "QuerySet[Any]") -> "QuerySet[Any]":
        word = self.value()
        if word and word not in words():
            raise BadRequest(f"{path}={printable(word)[:40]} is none of: {', '.join(words())}.")
        return rows.filter(**{path: word}) if word else rows

    members = {"title": name, "parameter_name": path, "lookups": lookups, "queryset": queryset}
    return type("OneOf", (admin.SimpleListFilter,), members)


def by_kind(path: str = "kind") -> type[Any]:
    """This function will make a filter of the registered kinds of jobs."""
    return one_of(path, "kind", lambda: [kind.name for kind in kinds.all_kinds()])


class Span(admin.FieldListFilter):
    """A span of time: one of the last, or from a moment to another, in UTC."""

    template = "admin/span_filter.html"

    def __init__(self, *given: Any, field_path: str) -> None:
        self.names = (f"{field_path}__gte", f"{field_path}__lt")
        super().__init__(*given, field_path=field_path)  # type: ignore[misc]
        self.given = {name: printable(self._one(name)) for name in self.names}

    def _one(self, name: str) -> str:
        found: Any = self.used_parameters.get(name, "")
        return str(found[-1] if isinstance(found, list) else found).strip()[:LONGEST]

    def expected_parameters(self) -> list[str | None]:
        """This method will name what stands in addresses."""
        return [*self.names]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """This method will keep the rows of the span; what is no moment is refused."""
        tests = {name: moment(text, name) for name, text in self.given.items() if text}
        return queryset.filter(**tests) if tests else queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        """This method will offer the last hours and days; the form asks for any span."""
        since, until = self.names
        self.others = _others(changelist, [*self.names, "p"])
        yield {
            "selected": not any(self.given.values()),
            "query_string": changelist.get_query_string(remove=[*self.names]),
            "display": "Any time",
        }
        for age, words in AGES.items():
            yield {
                "selected": self.given == {since: age, until: ""},
                "query_string": changelist.get_query_string({since: age}, [until]),
                "display": words.capitalize(),
            }

    @property
    def fields(self) -> list[tuple[str, str, str]]:
        """The two fields of the form: name, label and what is written there."""
        labels = ("From", "Before")
        return [
            (name, label, self.given[name]) for name, label in zip(self.names, labels, strict=True)
        ]


def moment(text: str, name: str) -> datetime:
    """This function will read a moment in UTC, or an age such as 24h or 7d, or raise `BadRequest`."""
    age = _AGE.fullmatch(text)
    if age:
        unit = {"h": "hours", "d": "days"}[age[2]]
        return datetime.now(UTC) - timedelta(**{unit: int(age[1])})
    try:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except ValueError:
        cure = "give one in UTC, such as 2026-01-31T14:00, or an age such as 24h or 7d"
        raise BadRequest(f"{name}={text[:40]} is no moment: {cure}.") from None


def _others(changelist: Any, own: Collection[str]) -> list[tuple[str, str]]:
    asked = QueryDict(changelist.get_query_string(remove=list(own)).removeprefix("?"))
    return [(name, text) for name, texts in asked.lists() for text in texts]
