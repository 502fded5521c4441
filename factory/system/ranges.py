"""Spans of time in addresses: a word such as `day`, or two moments in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from jobs import spans
from jobs.spans import Chosen

SPANS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
_FORMS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]
_WRONG = {"invalid": "Write a moment in UTC, such as 2026-01-31T14:00."}


class Range(forms.Form):
    """A word for a span that ends now, or the moments between which it lies."""

    span = forms.ChoiceField(
        required=False,
        choices=[(name, name) for name in SPANS],
        error_messages={"invalid_choice": f"span is none of: {', '.join(SPANS)}."},
    )
    since = forms.DateTimeField(
        required=False, label="From", input_formats=_FORMS, error_messages=_WRONG
    )
    until = forms.DateTimeField(
        required=False, label="To", input_formats=_FORMS, error_messages=_WRONG
    )

    def clean(self) -> dict[str, Any]:
        """This method will find the span that is meant, or say which field is wrong."""
        given = super().clean() or self.cleaned_data
        until = given.get("until") or timezone.now()
        since = given.get("since") or _before(until, SPANS[given.get("span") or "hour"])
        if not self.errors:
            try:
                given["chosen"] = spans.span(since, until)
            except spans.BadSpan as error:
                self.add_error("since", str(error).removeprefix("since: ").capitalize() + ".")
        return given

    @property
    def word(self) -> str:
        """The span that ends now, where no moments are given."""
        if self.data["since"] or self.data["until"]:
            return ""
        return self.data["span"] or "hour"

    def fields_for(self, since: str = "", until: str = "") -> list[tuple[Any, str]]:
        """This method will give both moments as fields, with what stands in them unless given."""
        defaults = {"since": since, "until": until}
        return [(self[name], self.data[name] or default) for name, default in defaults.items()]


class Bounds(Range):
    """Moments between which rows were written, each of them optional."""

    span = None  # type: ignore[assignment]

    def clean(self) -> dict[str, Any]:
        """This method will refuse a span that ends before it begins."""
        given = forms.Form.clean(self) or self.cleaned_data
        since, until = given.get("since"), given.get("until")
        if since and until and since >= until:
            self.add_error("since", "It must lie before the other.")
        return given

    def bounds(self, name: str) -> dict[str, datetime]:
        """This method will give the conditions on a column that holds when a row was written."""
        given = {"gte": self.cleaned_data["since"], "lt": self.cleaned_data["until"]}
        return {f"{name}__{test}": value for test, value in given.items() if value}


def _before(until: datetime, length: timedelta) -> datetime:
    """Several days begin at a midnight."""
    since = until - length
    if length > SPANS["day"]:
        return since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return since


Form = TypeVar("Form", bound=Range)


def asked(request: HttpRequest, form: type[Form]) -> Form:
    """This function will read the moments that an address names."""
    return form({name: request.GET.get(name, "").replace("\0", "") for name in form.base_fields})


def written(at: datetime) -> str:
    """This function will write a moment as an address and a field of a form hold it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}"


def labels(of: Chosen) -> list[str]:
    """This function will write when each step of a span begins, no finer than it needs."""
    step = of.step.total_seconds()
    form = "%m-%d" if step >= 86_400 else "%m-%d %H:%M"
    if of.span.seconds <= 86_400:
        form = "%H:%M:%S" if step < 60 else "%H:%M"
    return [f"{at.astimezone(UTC):{form}}" for at in of.steps]


def address(request: HttpRequest, **changed: str) -> str:
    """This function will write this page's address with some of its choices changed or, by "", gone."""
    kept = {name: value for name, value in request.GET.items() if name not in changed}
    return "?" + urlencode(kept | {name: value for name, value in changed.items() if value})
