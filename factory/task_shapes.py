"""What the API takes and tells of tasks; the OpenAPI document is made of this."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field

from factory.shapes import Given, Id, Said, Slug
from projects.models import ItemKind, Priority, TaskState
from projects.models.plan import LONGEST

_PRIORITIES = Literal[tuple(Priority.names)]  # type: ignore[valid-type]
_STATES = Literal[tuple(TaskState.values)]  # type: ignore[valid-type]
_Hours = Annotated[float, Field(ge=0, le=9999.99, allow_inf_nan=False)]
_Texts = Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=200)]


class Brief(Schema):
    """A task as lists show it."""

    id: int
    slug: str
    title: str
    state: _STATES
    priority: _PRIORITIES
    assignee: str | None = Field(description="The name of who is to do it.")
    spec: str | None = Field(description="The slug of the spec it helps to fulfil.")
    location: str
    estimate_h: float | None = Field(description="Hours, as somebody guessed.")
    waits_for: list[int] = Field(description="Tasks before it that are not completed.")
    boxes: int = Field(description="How many boxes it has.")
    ticked: int = Field(description="How many of them are ticked.")
    moved_at: datetime = Field(description="Since when it is in its state.")
    updated_at: datetime


class Box(Schema):
    """A subtask, an acceptance criterion or a check of a task."""

    id: int
    kind: Literal[tuple(ItemKind.values)]  # type: ignore[valid-type]
    text: str
    required: bool = Field(description="Whether the task cannot end while it is open.")
    done_at: datetime | None
    done_by: str


class TaskChange(Schema):
    """What somebody did to a task."""

    at: datetime
    actor: str = Field(description="Who, such as user:7.")
    what: str = Field(description="created, moved, edited, ticked and so on.")
    old: str = Field(description="The state before a move.")
    new: str = Field(description="The state after it.")
    reason: str
    details: Any = Field(description="Of an edit each field with its old and new value.")


class Task(Brief):
    """One task with everything that is known of it."""

    project: str = Field(description="The slug of its project.")
    goal: str
    idea: str | None = Field(description="The slug of the idea it comes from.")
    override: str = Field(description="Why it was completed with something open; else empty.")
    version: int = Field(description="To be named by whoever edits it.")
    created_by: str
    created_at: datetime
    next_states: list[_STATES] = Field(description="What it may become.")
    open_ends: list[str] = Field(description="What it requires that is open, in words.")
    items: list[Box]
    changes: list[TaskChange] = Field(description="The newest fifty, newest first.")


class Tasks(Schema):
    """One page of tasks, by id."""

    tasks: list[Brief]
    next: int | None = Field(description="Ask again with after=this; null on the last page.")


class Digest(Schema):
    """Where the tasks of a project stand."""

    project: str
    focus: str = Field(description="The goal of the sprint, as the project has it.")
    percent: int | None = Field(description="Completed of all, rounded down; null without tasks.")
    total: int
    completed: int
    counts: dict[str, int] = Field(description="Tasks by state.")
    held_up: int = Field(description="Blocked, or waiting for another task.")
    active: list[Brief] = Field(description="In progress or review: the ten most important.")
    blocked: list[Brief] = Field(description="Held up: the ten most important.")
    next: Brief | None = Field(description="The task to take next.")


class AskedTasks(Schema):
    """Which tasks are meant."""

    state: Literal[("", *TaskState.values)] = ""  # type: ignore[valid-type]
    priority: Literal[("", *Priority.names)] = ""  # type: ignore[valid-type]
    assignee: str = Field("", max_length=150, description="A name, me, or nobody.")
    spec: str = Field("", max_length=100, description="The slug of a spec.")
    q: str = Field("", max_length=150, description="Words of its title, slug or goal.")
    after: int = Field(0, ge=0, le=2**63 - 1)
    limit: int = Field(50, ge=1, le=50)


class NewTask(Given):
    """A task to write down."""

    title: Said = Field(max_length=200, description="What it is, in a line.")
    slug: Slug = Field("", max_length=100, description="Else it is made of the title.")
    goal: str = Field("", max_length=LONGEST, description="The issue it solves.")
    location: str = Field("", max_length=300, description="Where the work is.")
    priority: _PRIORITIES = Priority.MEDIUM.name
    estimate_h: _Hours | None = Field(None, description="Hours it may take.")
    assignee: str | None = Field(None, max_length=150, description="The name of who is to do it.")
    spec: Id | None = Field(None, description="The id of a spec of its project.")
    idea: Id | None = Field(None, description="The id of an idea of its project.")
    subtasks: _Texts = []
    criteria: _Texts = Field([], description="What shall be true in the end.")
    checks: _Texts = Field([], description="What is always to be done before the end.")


class ChangedTask(Given):
    """What is to be changed of a task; what is left out stays."""

    version: int = Field(ge=1, le=2**31 - 1, description="The version that was seen.")
    title: Said | None = Field(None, max_length=200)
    slug: Slug | None = Field(None, max_length=100)
    goal: str | None = Field(None, max_length=LONGEST)
    location: str | None = Field(None, max_length=300)
    priority: _PRIORITIES | None = None
    estimate_h: _Hours | None = Field(None, description="null: nobody guessed.")
    assignee: str | None = Field(None, max_length=150, description="null: nobody.")
    spec: Id | None = Field(None, description="The id of a spec; null: none.")
    idea: Id | None = Field(None, description="The id of an idea; null: none.")


class TaskMove(Given):
    """A move of a task to another state."""

    to: _STATES = Field(description="The state it becomes.")
    seen: _STATES | None = Field(None, description="The state it was seen in; else as it is now.")
    reason: str = Field("", max_length=1000, description="Why; needed for BLOCKED.")
    override: str = Field("", max_length=1000, description="Why it ends with something open.")


class Tick(Given):
    """A box to tick or to open again."""

    item: Id = Field(description="The id of the box.")
    done: bool = True


class Tie(Given):
    """Another task that must be completed first, or no longer has to be."""

    blocker: Id = Field(description="The id of the other task.")
    waits: bool = True
