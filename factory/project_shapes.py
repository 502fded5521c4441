"""What the API takes and tells of a project's own life; the OpenAPI document is made of this."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from factory.shapes import Given, Id, Moment, Said, Slug
from projects import feed
from projects.models import Stage


class NewProject(Given):
    """A project to make."""

    name: Said = Field(max_length=100, description="It has a letter or digit.")
    slug: Slug = Field("", max_length=100, description="Its name in addresses; else of its name.")
    goal: str = Field("", max_length=300, description="What is being worked towards now.")


class ChangedProject(Given):
    """What is to be changed; what is left out stays."""

    version: int = Field(ge=1, le=2**31 - 1, description="The version that was seen.")
    name: str | None = Field(None, max_length=100)
    goal: str | None = Field(None, max_length=300)


class StageMove(Given):
    """A move to another stage."""

    to: Literal[tuple(Stage.values)] = Field(description="The stage.")  # type: ignore[valid-type]
    reason: str = Field("", max_length=300, description="Needed where it is not the next stage.")


class Put(Schema):
    """What putting a project away, or taking it back, did."""

    id: int
    archived_at: datetime | None
    jobs: int = Field(description="So many jobs were paused, or go on.")
    schedules: int = Field(description="So many schedules were paused, or go on.")


class AskedFeed(Schema):
    """Which events of a feed are meant."""

    kind: str = Field("", max_length=64, description="Its name, or what precedes the dot.")
    actor: str = Field("", max_length=64, description="Who caused it, such as user:7.")
    since: Moment | None = Field(None, description="UTC where no zone is given.")
    until: Moment | None = Field(None, description="UTC where no zone is given.")
    below: int | None = Field(None, ge=1, le=2**63 - 1, description="Events of lower ids alone.")
    limit: int = Field(feed.PAGE, ge=1, le=feed.PAGE)


class Happened(Schema):
    """One event, in words and as it was published."""

    id: int
    at: datetime
    name: str = Field(description="What happened, such as map.completed.")
    sentence: str
    actor: str = Field(description="Who caused it, such as user:7; empty where nobody did.")
    who: str = Field(description="The same by name.")
    project: str = Field(description="The slug of its project; empty where there is none.")
    job: int | None = Field(description="The job that published it, which may be gone by now.")
    link: str = Field(description="The page of what it is about; empty where that is gone.")
    payload: Any


class Feed(Schema):
    """One page of a feed, newest first."""

    events: list[Happened]
    next: int | None = Field(description="Ask again with below=this; null on the last page.")


class Stages(Schema):
    """Where a project stands, and its moves, newest first."""

    stage: str
    since: datetime
    stages: list[str] = Field(description="All of them in their order.")
    moves: list[Happened]
    next: int | None = Field(description="Ask again with below=this; null on the last page.")


class Artefact(Schema):
    """One version of a file of a project, or a file a job left."""

    source: str = Field(description="project, or job: then it is removed with its job.")
    pk: int
    name: str
    version: int = Field(description="0 where a job left it.")
    media_type: str
    size: int
    sha256: str
    created_at: datetime
    who: str = Field(description="Who kept it.")
    job: int | None = Field(description="The job that made it, which may be gone by now.")
    removed_at: datetime | None = Field(description="When a maintainer removed its bytes.")


class Artefacts(Schema):
    """One page of files, newest first."""

    artefacts: list[Artefact]
    next: int | None = Field(description="Ask again with page=this; null on the last page.")


class Taken(Given):
    """A file that a job left."""

    artefact: Id = Field(description="Its id.")
