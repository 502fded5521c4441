"""What people may say of ideas, specs and tasks: one form each, for pages, the API and the admin."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.db.models import Model

from projects import planning
from projects.models import Idea, Item, ItemKind, Project, Spec, Task
from projects.planning import MOST_ITEMS, Wrong

LISTS = {"subtasks": ItemKind.SUBTASK, "criteria": ItemKind.CRITERION, "checks": ItemKind.CHECK}
"""The lists of boxes a new task may bring, by the names of their fields."""
_LONGEST_ITEM = Item._meta.get_field("text").max_length


class Lines(forms.CharField):
    """Texts, each on a line of its own; the marks of a Markdown list before them are left out."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        """This method will give the list of texts."""
        if isinstance(value, list):  # the API gives lists
            value = "\n".join(str(one) for one in value)
        lines = [line.strip() for line in (super().to_python(value) or "").splitlines()]
        for mark in ("- ", "* ", "[ ] "):
            lines = [line.removeprefix(mark).strip() for line in lines]
        return [line for line in lines if line]

    def validate(self, value: list[str]) -> None:
        """This method will refuse too many or too long texts."""
        if len(value) > MOST_ITEMS:
            raise forms.ValidationError(f"There are {len(value)} lines; {MOST_ITEMS} are the most.")
        for number, line in enumerate(value, 1):
            if len(line) > _LONGEST_ITEM:
                raise forms.ValidationError(
                    f"Line {number} has {len(line)} characters; {_LONGEST_ITEM} are the most."
                )

    def run_validators(self, value: Any) -> None:
        """This method will have each text looked at, as the validators know no lists."""
        for line in value:
            super().run_validators(line)


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    """The fields of an idea, a spec or a task of one project, and the version that was seen."""

    slug = forms.SlugField(
        max_length=100,
        required=False,
        help_text="Its name in commands, unique in the project. Empty: made of the title, or kept.",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, project: Project | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 5
        self.project: Any = project or (self.instance.project if self.instance.pk else None)
        if self.project is not None:
            self._narrow()

    def _narrow(self) -> None:
        for name in ("idea", "spec"):
            if name in self.fields:
                rows = self.fields[name].queryset
                self.fields[name].queryset = rows.filter(project=self.project).order_by("-pk")
        if "assignee" in self.fields:
            people = planning.people_of(self.project, self.instance.assignee_id)
            self.fields["assignee"].queryset = people.order_by("username")
        if self.instance.pk:
            self.fields["version"].initial = self.instance.version

    def clean_slug(self) -> str:
        """This method will keep the slug of what exists when none is given."""
        return str(self.cleaned_data["slug"] or self.instance.slug)

    def clean(self) -> dict[str, Any]:
        """This method will refuse what the project does not have, or has already."""
        given = super().clean() or {}
        self.project = given.get("project", self.project)
        if self.project is not None:
            fields = self.given
            self.refuse(planning.misfits(self._meta.model, self.project, fields, self.instance.pk))
        return given

    def _post_clean(self) -> None:
        """Rows are written by `projects.planning` alone: the instance stays as it was read."""

    @property
    def given(self) -> dict[str, Any]:
        """The fields by name, as `projects.planning` takes them."""
        names = [name for name in self.cleaned_data if name not in ("version", "project")]
        return {str(LISTS.get(name, name)): self.cleaned_data[name] for name in names}

    def create(self, *, by: str) -> Any:
        """This method will write it down, or give None and say beside the field what is wrong."""
        try:
            return planning.create(self._meta.model, self.project, self.given, by=by)
        except Wrong as error:
            self.refuse(error.fields)
            return None

    def edit(self, *, by: str) -> bool:
        """This method will store what changed, or say beside the field what is wrong; may be Stale."""
        seen = self.cleaned_data["version"] or 0
        try:
            planning.edit(self.instance, seen, self.given, by=by)
        except Wrong as error:
            self.refuse(error.fields)
            return False
        return True

    def refuse(self, wrong: Mapping[str, str]) -> None:
        """This method will put what the plan itself refuses beside the fields."""
        names = {str(kind): name for name, kind in LISTS.items()}
        for name, text in wrong.items():
            field = names.get(name, name)
            self.add_error(field if field in self.fields else None, f"{text[0].upper()}{text[1:]}.")


class IdeaForm(PlanForm):
    """What may be said of an idea."""

    class Meta:
        model = Idea
        fields = ("title", "body", "slug")


class SpecForm(PlanForm):
    """What may be said of a spec."""

    class Meta:
        model = Spec
        fields = ("title", "body", "idea", "slug")


class TaskForm(PlanForm):
    """What may be said of a task."""

    estimate_h = forms.DecimalField(
        label="Estimate in hours",
        required=False,
        min_value=0,
        max_digits=6,
        decimal_places=2,
        help_text="As somebody guesses; empty while nobody does.",
    )

    class Meta:
        model = Task
        fields = (
            "title",
            "goal",
            "location",
            "priority",
            "estimate_h",
            "assignee",
            "spec",
            "idea",
            "slug",
        )


class NewTaskForm(TaskForm):
    """What may be said of a task that is written down, with its boxes."""

    subtasks = Lines(required=False, help_text="The parts of the work, each on its own line.")
    criteria = Lines(
        label="Acceptance criteria",
        required=False,
        help_text="What shall be true in the end, each on its own line.",
    )
    checks = Lines(
        label="Completion checklist",
        required=False,
        help_text="What is always to be done before the end, each on its own line.",
    )


FORMS: dict[type[Model], tuple[type[PlanForm], type[PlanForm]]] = {
    Idea: (IdeaForm, IdeaForm),
    Spec: (SpecForm, SpecForm),
    Task: (NewTaskForm, TaskForm),
}
"""The form of a new row and that of one that exists, by model."""


class ItemForm(forms.Form):
    """One more box."""

    kind = forms.ChoiceField(choices=ItemKind.choices)
    text = forms.CharField(max_length=_LONGEST_ITEM)
    required = forms.BooleanField(required=False)


class MoveForm(forms.Form):
    """Where something moves, from where it was seen, and why."""

    longest: ClassVar[int] = 1000
    seen = forms.CharField(max_length=11)
    to = forms.CharField(max_length=11)
    reason = forms.CharField(max_length=longest, required=False)
    override = forms.CharField(max_length=longest, required=False)


def last_checks(project: Project) -> str:
    """This function will give the checklist of the newest task that has one, or a usual one."""
    newest = Item.objects.filter(task__project=project, kind=ItemKind.CHECK).order_by("-task")
    task = newest.values_list("task", flat=True).first()
    if task is None:
        return "The tests pass\nSomebody else looked at it\nThe documents say it"
    texts = Item.objects.filter(task=task, kind=ItemKind.CHECK).order_by("pk")
    return "\n".join(texts.values_list("text", flat=True))


def with_given(row: Any, given: dict[str, Any]) -> dict[str, Any]:
    """This function will give a form's data of what a row holds and what is given in its place."""
    form = FORMS[type(row)][1](instance=row)
    held = {name: form.initial.get(name) for name in form.fields} | {"version": row.version}
    return {name: "" if value is None else value for name, value in (held | given).items()}
