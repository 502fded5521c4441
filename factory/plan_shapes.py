"""What the API takes and tells of ideas and specs; the OpenAPI document is made of this."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from factory.shapes import Given, Id, Said, Slug
from factory.task_shapes import TaskChange
from projects.models.plan import LONGEST, IdeaState, SpecState

_IDEA = Literal[tuple(IdeaState.values)]  # type: ignore[valid-type]
_SPEC = Literal[tuple(SpecState.values)]  # type: ignore[valid-type]


class Planned(Schema):
    """What ideas and specs have in common."""

    id: int
    slug: str
    title: str
    body: str
    version: int = Field(description="To be named by whoever edits it.")
    created_by: str = Field(description="Who, such as user:7.")
    created_at: datetime
    updated_at: datetime
    moved_at: datetime = Field(description="Since when it is in its state.")


class BriefIdea(Planned):
    """An idea as lists show it."""

    state: _IDEA


class Idea(BriefIdea):
    """One idea with everything that is known of it."""

    project: str = Field(description="The slug of its project.")
    next_states: list[_IDEA] = Field(description="What it may become.")
    changes: list[TaskChange] = Field(description="The newest fifty, newest first.")


class Ideas(Schema):
    """One page of ideas, by id."""

    ideas: list[BriefIdea]
    next: int | None = Field(description="Ask again with after=this; null on the last page.")


class BriefSpec(Planned):
    """A spec as lists show it."""

    state: _SPEC
    idea: str | None = Field(description="The slug of the idea it is made of.")


class Spec(BriefSpec):
    """One spec with everything that is known of it."""

    project: str = Field(description="The slug of its project.")
    next_states: list[_SPEC] = Field(description="What it may become.")
    changes: list[TaskChange] = Field(description="The newest fifty, newest first.")


class Specs(Schema):
    """One page of specs, by id."""

    specs: list[BriefSpec]
    next: int | None = Field(description="Ask again with after=this; null on the last page.")


class AskedIdeas(Schema):
    """Which ideas are meant."""

    state: Literal[("", *IdeaState.values)] = ""  # type: ignore[valid-type]
    q: str = Field("", max_length=150, description="Words of its title or slug.")
    after: int = Field(0, ge=0, le=2**63 - 1)
    limit: int = Field(50, ge=1, le=50)


class AskedSpecs(AskedIdeas):
    """Which specs are meant."""

    state: Literal[("", *SpecState.values)] = ""  # type: ignore[valid-type]


class NewIdea(Given):
    """An idea to write down."""

    title: Said = Field(max_length=200, description="What it is, in a line.")
    slug: Slug = Field("", max_length=100, description="Else it is made of the title.")
    body: str = Field("", max_length=LONGEST)


class NewSpec(NewIdea):
    """A spec to write down."""

    idea: Id | None = Field(None, description="The id of an idea of its project.")


class ChangedIdea(Given):
    """What is to be changed of an idea; what is left out stays."""

    version: int = Field(ge=1, le=2**31 - 1, description="The version that was seen.")
    title: Said | None = Field(None, max_length=200)
    slug: Slug | None = Field(None, max_length=100)
    body: str | None = Field(None, max_length=LONGEST)


class ChangedSpec(ChangedIdea):
    """What is to be changed of a spec; what is left out stays."""

    idea: Id | None = Field(None, description="The id of an idea; null: none.")


class IdeaMove(Given):
    """A move of an idea to another state."""

    to: _IDEA = Field(description="The state it becomes.")
    seen: _IDEA | None = Field(None, description="The state it was seen in; else as it is now.")
    reason: str = Field("", max_length=1000)


class SpecMove(Given):
    """A move of a spec to another state."""

    to: _SPEC = Field(description="The state it becomes.")
    seen: _SPEC | None = Field(None, description="The state it was seen in; else as it is now.")
    reason: str = Field("", max_length=1000)


OF: dict[str, tuple[Any, ...]] = {
    "idea": (Idea, Ideas, AskedIdeas, NewIdea, ChangedIdea, IdeaMove),
    "spec": (Spec, Specs, AskedSpecs, NewSpec, ChangedSpec, SpecMove),
}
"""One, a page, what a page is asked with, a new one, a change and a move."""
