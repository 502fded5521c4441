"""The form that makes a job of any kind: its fields are those of the handler's signature."""

import json
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from django import forms

from jobs import kinds, ports, queue
from jobs.kinds import Kind, Parameter
from jobs.models import Job
from jobs.redaction import redact

_BEFORE = "argument-"


class Making(forms.Form):
    """What may be said of a job besides its arguments, which `of` adds by the kind's signature."""

    subject = forms.CharField(required=False, max_length=200, help_text="What it is about.")
    project = forms.CharField(
        required=False, max_length=100, help_text="Its slug or number; empty: for staff alone."
    )
    priority = forms.IntegerField(
        required=False,
        min_value=-32768,
        max_value=32767,
        help_text="Higher is claimed first; empty: 0.",
    )
    after = forms.FloatField(
        required=False,
        min_value=0,
        max_value=queue.LATEST_S,
        label="Wait",
        help_text="Seconds before it is due; empty: none.",
    )
    limit_key = forms.CharField(
        required=False, max_length=128, help_text="One job of a key runs at a time."
    )

    def __init__(self, kind: Kind, source: Job | None, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.kind, self.source = kind, source
        kept = source.arguments if source else {}
        self.hidden = {name for name, value in kept.items() if _is_secret(name, value)}
        for one in kind.parameters:
            field = _field(one)
            if one.name in self.hidden:
                field.required, field.help_text = False, "Left empty, it stays as it was."
            elif one.name in kept:
                field.initial = _written(kept[one.name], field)
            self.fields[_BEFORE + one.name] = field
        self.order_fields([*(_BEFORE + one.name for one in kind.parameters), *self.base_fields])

    def clean_project(self) -> int | None:
        """This method will find the project that is meant."""
        text: str = self.cleaned_data["project"].strip()
        if not text:
            return None
        found = ports.scopes.named(text)
        if found is None and text.isascii() and text.isdecimal() and len(text) < 19:
            found = next(iter(ports.scopes.label({int(text)})), None)
        if found is None:
            raise forms.ValidationError("There is no such project: give its slug or number.")
        return found

    def clean(self) -> dict[str, Any]:
        """This method will have the kind check its arguments, and say beside which field it is wrong."""
        given = super().clean() or self.cleaned_data
        if self.errors:
            return given
        given["arguments"] = arguments = self._arguments(given)
        try:
            self.kind.check(arguments)
        except kinds.BadArguments as error:
            said = str(error).partition(": ")[2]
            field = _BEFORE + said.partition(" ")[0]
            self.add_error(field if field in self.fields else None, said)
        return given

    def _arguments(self, given: dict[str, Any]) -> dict[str, Any]:
        """What was given; of what was left empty the default holds, or what is not shown."""
        kept = self.source.arguments if self.source else {}
        values = {one.name: given.get(_BEFORE + one.name) for one in self.kind.parameters}
        found = {name: value for name, value in values.items() if value not in (None, "")}
        return {name: kept[name] for name in self.hidden if name in values} | found

    def make(self, by: str) -> Job:
        """This method will enqueue the job."""
        given = self.cleaned_data
        return queue.enqueue(
            self.kind.name,
            given["arguments"],
            scope=given["project"],
            subject=given["subject"],
            priority=given["priority"] or 0,
            after=given["after"] or 0.0,
            limit_key=given["limit_key"],
            root=self.source.pk if self.source else None,
            actor=by,
        )


def initial(source: Job | None) -> dict[str, Any]:
    """This function will give what stands in a fresh form: what is known of a job to repeat."""
    if source is None:
        return {}
    found = {"subject": source.subject, "project": source.scope or ""}
    return found | {"priority": source.priority, "limit_key": source.limit_key}


def _field(one: Parameter) -> forms.Field:
    """The field that suits a type; what has no field of its own is written as JSON."""
    bounds, wanted = {}, one.wanted
    if get_origin(wanted) in (Union, UnionType):
        others = [part for part in get_args(wanted) if part is not NoneType]
        wanted = others[0] if len(others) == 1 else Any
    if get_origin(wanted) is Annotated:
        wanted, between = get_args(wanted)
        bounds = {"min_value": between.low, "max_value": between.high}
    said = kinds.word(one.wanted).capitalize()
    default = "" if one.needed else f"; empty: {json.dumps(one.default, default=str)}"
    more: dict[str, Any] = {
        "required": one.needed,
        "label": one.name,
        "help_text": f"{said}{default}.",
    }
    if wanted is bool:
        choices = [("", "as usual"), ("true", "true"), ("false", "false")]
        return forms.TypedChoiceField(
            choices=choices, coerce=lambda text: text == "true", empty_value=None, **more
        )
    if wanted in (int, float):
        of_numbers = forms.IntegerField if wanted is int else forms.FloatField
        return of_numbers(**bounds, **more)
    if wanted is str:
        return forms.CharField(strip=False, **more)
    return forms.JSONField(widget=forms.Textarea(attrs={"rows": 3}), **more)


def _written(value: Any, field: forms.Field) -> Any:
    return str(value).lower() if isinstance(field, forms.TypedChoiceField) else value


def _is_secret(name: str, value: Any) -> bool:
    text = json.dumps({name: value}, ensure_ascii=False)
    return redact(text) != text
