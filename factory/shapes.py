"""What the API takes and gives; the OpenAPI document is made of this."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from jobs.models import Policy
from jobs.states import State


class Explained(Schema):
    """What went wrong."""

    status: int = Field(description="The HTTP status.")
    code: str = Field(description="The kind of error, for machines; docs/reference.md lists them.")
    message: str = Field(description="What went wrong and what to do, in a sentence.")
    fields: dict[str, str] | None = Field(None, description="What is wrong with what was sent.")
    id: str = Field(description="Stands in the log beside everything that was logged about it.")


class Error(Schema):
    """The one shape of every error."""

    error: Explained


class Progress(Schema):
    """How far a job got."""

    current: int
    total: int | None = Field(description="null while it is unknown.")
    percent: int | None
    item: str = Field(description="What is being worked on.")
    items_done: list[str] = Field(description="The last 200.")
    items_failed: list[str] = Field(description="The last 200, each with its reason.")
    done_count: int = Field(description="How many items succeeded, listed or not.")
    failed_count: int = Field(description="How many items failed, listed or not.")
    rate_per_min: float | None = Field(description="Steps a minute, smoothed.")
    eta_s: int | None = Field(description="Seconds left; null while that cannot be trusted.")
    heard_at: datetime | None = Field(description="The handler's last sign of life.")
    peak_mb: int | None = Field(description="The most memory the present or last attempt held.")


class Failure(Schema):
    """Why a job failed."""

    class_: str = Field(alias="class", description="The class, which decides about a retry.")
    message: str


class Asked(Schema):
    """What was asked of a job that a runner holds, and has not happened yet."""

    act: str = Field(description="pause or cancel.")
    by: str
    at: datetime


class Job(Schema):
    """One job of the ledger."""

    id: int
    kind: str
    queue: str
    project: str | None = Field(description="The name of its project.")
    state: str
    shown: str = Field(description="The word the board shows: the state, or lost without evidence.")
    subject: str
    trace: str = Field(description="The request it came from, as log lines name it.")
    priority: int
    attempt: int
    max_attempts: int
    progress: Progress | None
    reason: str
    run_after: datetime | None
    runner: int | None
    arguments: Any = Field(description="Without what looks like a credential.")
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None
    result: Any
    failure: Failure | None
    asked: Asked | None


class Running(Schema):
    """A job that a runner holds."""

    id: int
    kind: str
    project: str | None
    subject: str
    shown: str
    started_at: datetime | None
    progress: Progress | None


class Status(Schema):
    """Whether work can be done, and what is going on."""

    as_of: datetime
    ready: bool
    cannot: list[str] = Field(description="The parts that cannot work.")
    jobs: dict[str, int] = Field(description="Unfinished jobs you may see, by the word they show.")
    running: list[Running] = Field(description="The oldest fifty that are held by a runner.")


class Counter(Schema):
    """A number that should be 0."""

    count: int = Field(description="Counted up to 10,001.")
    bad: bool = Field(description="Whether any other number means that something is broken.")
    jobs: list[int] = Field(description="The first five of them.")


class Health(Schema):
    """How the whole is, of the jobs you may see."""

    health: str = Field(description="well, attention or broken.")
    counters: dict[str, Counter]
    verified_at: datetime | None = Field(description="When the board was last compared.")
    last_green_at: datetime | None = Field(description="When nothing disagreed last.")


class Membership(Schema):
    """What one may do in a project."""

    project: str = Field(description="Its slug.")
    role: str


class Me(Schema):
    """Who asks."""

    id: int
    name: str
    staff: bool = Field(description="Whether you may see and do everything.")
    scopes: list[str] = Field(description="What this session or token may do: read, write.")
    roles: list[Membership]


class Repository(Schema):
    """One repository of a project."""

    id: int
    name: str
    address: str
    branch: str
    map_status: str
    head_commit: str
    synced_at: datetime | None
    failure: Failure | None


class Project(Schema):
    """One project with its repositories."""

    id: int
    slug: str
    name: str
    goal: str = Field(description="What is being worked towards now.")
    stage: str = Field(description="capture, define, plan, build, verify or ship.")
    version: int = Field(description="Grows with each change of name or goal.")
    archived_at: datetime | None
    repositories: list[Repository]


class Projects(Schema):
    """One page of projects, by id."""

    projects: list[Project]
    next: int | None = Field(description="Ask again with after=this; null on the last page.")


class End(Schema):
    """A repository at one end of an edge."""

    id: int
    name: str
    map_status: str


class Between(Schema):
    """One repository installs a package another one publishes."""

    src: End
    dst: End
    ecosystem: str
    name: str
    constraint: str
    version: str = Field(description="What is installed, if a lock file says so.")
    published: str = Field(description="The version the other repository declares.")
    scope: str
    path: str = Field(description="The manifest that says so.")
    line: int


class Betweens(Schema):
    """The edges between the repositories of a project."""

    edges: list[Between]
    total: int
    mapped: int = Field(
        description="How many of the repositories have a map; others have no edges."
    )
    repositories: int


_NO_NUL = "^[^\\u0000]*$"
_SPELLED = {"pattern", "format", "enum", "const"}
# What `strip` takes away, spelled out: \\s means something else in the language of the document.
_SPACES = "\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
_SAYS = f"^[^\\u0000]*[^\\u0000{_SPACES}][^\\u0000]*$"


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty; say it in words")
    return text


def _a_text(value: Any) -> Any:
    """A number in a text would be read as seconds since 1970, which nobody means."""
    if isinstance(value, str) and value.replace(".", "", 1).lstrip("+-").isdecimal():
        raise ValueError("it is a number; give a moment such as 2026-01-31T14:00:00Z")
    return value


Said = Annotated[str, AfterValidator(_said), Field(json_schema_extra={"pattern": _SAYS})]
"""A text that says something."""
Slug = Annotated[str, Field(json_schema_extra={"pattern": "^[-a-zA-Z0-9_]*$"})]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Moment = Annotated[datetime, BeforeValidator(_a_text)]


class Given(Schema):
    """What is taken: unknown names are refused, so that a typing error is not passed over."""

    model_config = ConfigDict(extra="forbid", str_max_length=2000)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """This method will have the document say which texts `storable` refuses."""
        told = handler(core)
        _without_nul(handler.resolve_ref_schema(told).get("properties", {}))
        return told

    @field_validator("*")
    @classmethod
    def storable(cls, value: Any) -> Any:
        """This method will refuse what PostgreSQL cannot store as text."""
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and "\0" in text for text in texts):
            raise ValueError("it has a NUL character; remove it")
        return value


def _without_nul(part: Any) -> None:
    below = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for one in below:
        _without_nul(one)
    if isinstance(part, dict) and part.get("type") == "string" and not _SPELLED & set(part):
        part["pattern"] = _NO_NUL


class Registration(Given):
    """Repositories to register."""

    addresses: Annotated[list[str], Field(min_length=1, max_length=200)]
    project: str = Field("", description="Its name; else it is named after the repository.")
    branch: str = Field("", description="The branch to map; else the remote's own.")
    token: str = Field("", description="Opens private https repositories; stored encrypted.")


class Registered(Schema):
    """One registered repository and the job that fetches and maps it."""

    repository: int
    project: str
    job: int
    state: str
    created: bool = Field(description="false when it was known already.")


class Words(Given):
    """What may be said with an act."""

    reason: str = Field("", max_length=500, description="Why, for the record.")


class Repair(Given):
    """A state set by hand."""

    to: Literal[tuple(State.values)] = Field(description="The state it is set to.")  # type: ignore[valid-type]
    reason: Said = Field(max_length=500, description="Why, for the record.")


class Parents(Given):
    """Other jobs that one waits for, and what a failure of one of them means."""

    on: list[Id] = Field(min_length=1, max_length=500, description="The ids of the other jobs.")
    policy: Literal[tuple(Policy.values)] = Field(  # type: ignore[valid-type]
        Policy.CANCEL.value, description="What becomes of it if one of them does not succeed."
    )


class Evidence(Schema):
    """One thing that is true, since when."""

    sentence: str
    at: datetime | None
    actor: str
    reason: str


class Act(Schema):
    """What an act changed. A job in a runner's hands is only asked: then before and after are one."""

    id: int
    before: str
    after: str
    said: str = Field(description="The same in a sentence.")
    made: int | None = Field(description="The job that was made, by a rerun.")
    evidence: list[Evidence]


class Reason(Schema):
    """One sentence of why a job is where it is."""

    sentence: str
    since: datetime | None
    job: int | None = Field(description="Another job it speaks of.")


class Reasons(Schema):
    """Why a job is where it is."""

    id: int
    state: str
    shown: str
    evidence: list[Reason]
