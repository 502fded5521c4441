"""What the API tells of the ledger: lists of jobs, logs, queues, runners, schedules, deliveries."""

from dataclasses import fields
from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, create_model

from factory.shapes import Given, Id, Job, Slug
from jobs import board, choosing, controls, kinds, queue
from jobs.fleet import FILL
from jobs.levels import Level
from jobs.models import Intent

_MOST_ID = 2**63 - 1
LINES = 1000

_WRITTEN: dict[str, dict[str, Any]] = {
    "state": {"enum": ["", *board.CHOICES]},
    "kind": {"enum": ["", *(one.name for one in kinds.all_kinds())]},
    "sort": {"enum": ["", board.OLDEST]},
    "error": {"pattern": "^[0-9a-f]{0,12}$"},
}
# The filters of the page, whatever they are: an address of one works on the other.
Chosen: Any = create_model(
    "Chosen",
    __base__=Schema,
    **{
        one.name: (
            str,
            Field(
                "",
                max_length=200,
                description="As on the page of jobs.",
                json_schema_extra=_WRITTEN.get(one.name),
            ),
        )
        for one in fields(board.Filter)
    },
)


class AskedJobs(Chosen):
    """Which jobs are meant."""

    below: int | None = Field(
        None,
        ge=1,
        le=_MOST_ID,
        description="Go on from this id: lower ones, or higher ones by sort=oldest.",
    )
    limit: int = Field(board.PAGE, ge=1, le=board.PAGE)

    @property
    def filter(self) -> board.Filter:
        """The filter they name; `BadRequest` for what names nothing."""
        told = self.model_dump(exclude={"below", "limit"})
        return choosing.filter_of({name: text.replace("\0", "") for name, text in told.items()})


_BULK = Literal[tuple(one.name for one in controls.BULK)]  # type: ignore[valid-type]
_END = Field(None, ge=1, le=_MOST_ID, description="Of what a filter matches, up to this id.")
_ONES = Field(
    [], max_length=choosing.MOST, description="Ids; without any, what the filter matches."
)


class AskedMany(Chosen):
    """On which jobs an act is to be counted."""

    act: _BULK
    job: list[Id] = _ONES
    end: int | None = _END


class ManyCounted(Schema):
    """On how many jobs an act would change something."""

    act: str
    count: int = Field(description="To be named by whoever has it done.")
    unable: int = Field(description="So many others are meant, which it cannot change, or you.")
    end: int | None = Field(
        description="To be sent along with a filter: what came later is not meant."
    )
    first: list[int] = Field(description="The first five of them.")


class Where(Chosen):
    """A filter that means jobs; a word nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class ManyActs(Given):
    """An act on many jobs: on ids, or on what a filter matched up to an id."""

    act: _BULK
    count: int = Field(ge=0, le=_MOST_ID, strict=True, description="So many were counted.")
    job: list[Id] = _ONES
    where: Where = Where()
    end: int | None = _END
    reason: str = Field("", max_length=500, description="Why, for the record.")


class ManyDone(Schema):
    """What an act on many jobs came to."""

    act: str
    done: int
    asked: int = Field(description="A runner holds them; it does so and then shows it.")
    refused: int = Field(description="They had moved on.")
    busy: int = Field(description="Others changed them just now: ask again.")
    said: str = Field(description="The same in a sentence.")


class NewJob(Given):
    """A job to make."""

    kind: str = Field(min_length=1, max_length=200, description="One of docs/reference.md.")
    arguments: dict[str, Any] = Field({}, description="As the kind takes them.")
    project: Slug = Field("", max_length=100, description="Its slug; without one, for staff alone.")
    subject: str = Field("", max_length=200, description="What it is about.")
    priority: int = Field(0, ge=-32768, le=32767, description="Higher is claimed first.")
    after: float = Field(0, ge=0, le=queue.LATEST_S, description="Seconds before it is due.")
    limit_key: str = Field("", max_length=128, description="One job of a key runs at a time.")


class Jobs(Schema):
    """One page of jobs."""

    jobs: list[Job]
    next: int | None = Field(description="Ask again with below=this; null on the last page.")


class AskedLog(Schema):
    """Which lines of a log are meant."""

    after: int = Field(0, ge=0, le=_MOST_ID, description="What was written after that part.")
    level: Level = Field(Level.DEBUG, description="Lines of at least this level.")
    grep: str = Field("", max_length=200, description="Lines that contain this text.")


class Line(Schema):
    """One line of a log."""

    anchor: str = Field(description="Names it on the page of the log.")
    number: int = Field(description="Within its attempt, from 1.")
    level: str
    text: str


class Log(Schema):
    """A part of a log, oldest first."""

    lines: list[Line]
    after: int = Field(description="Ask again with after=this for what is written later.")
    more: bool = Field(description="Whether there is more of it already.")
    ended: bool = Field(description="Whether the job has ended: then nothing is written any more.")


class Queue(Schema):
    """One queue as it stands."""

    name: str
    paused: bool
    paused_by: str
    paused_at: datetime | None
    batch: int = Field(description="The most a runner claims at once.")
    queued: int
    oldest_s: float | None = Field(description="How long the first has waited, in seconds.")
    running: int
    most_running: int | None
    per_minute: int | None
    burst: int | None
    limited_by: str
    limited_at: datetime | None
    tokens: float | None = Field(description="So many may begin now by the rate.")


class Queues(Schema):
    """Every queue, by name."""

    queues: list[Queue]


class Bounds(Given):
    """Limits of a queue; what is left out is no limit."""

    most: int | None = Field(None, ge=1, le=2**31 - 1, description="So many run at a time.")
    per_minute: int | None = Field(None, ge=1, le=2**31 - 1, description="So many begin a minute.")
    burst: int | None = Field(None, ge=1, le=2**31 - 1, description="So many begin at once.")


class Runner(Schema):
    """Who executes jobs."""

    id: int
    name: str
    host: str
    pid: int
    queues: list[str]
    state: str = Field(description="idle, busy, silent, draining, recycling, stopping or emptied.")
    job: int | None
    since: datetime
    seen_age_s: float = Field(description="The age of its last sign of life, in seconds.")
    rss_mb: int
    executed: int = Field(description="Jobs it has executed.")
    version: str
    skewed: bool = Field(description="Whether it runs other code than this process.")
    asked: str
    asked_by: str


class Runners(Schema):
    """The runners of all machines."""

    runners: list[Runner]


class Request(Given):
    """What is asked of a runner, or of all of a queue."""

    act: Literal[(*Intent.values, FILL)]  # type: ignore[valid-type]
    runner: int | None = Field(None, ge=1, le=_MOST_ID)
    pool: str = Field(
        "", max_length=32, description="The runners of this queue; needed where no runner is."
    )


class Requested(Schema):
    """How many were asked."""

    done: int


class Schedule(Schema):
    """A job that is made again and again."""

    id: int
    name: str
    kind: str
    arguments: Any = Field(description="Without what looks like a credential.")
    cron: str
    zone: str
    catch_up: str
    standing: bool = Field(description="Laid by the product itself.")
    paused: bool
    paused_by: str
    paused_at: datetime | None
    reason: str
    next_at: datetime | None
    upcoming: list[datetime]
    last_at: datetime | None
    last_job: int | None
    last_outcome: str | None


class Schedules(Schema):
    """Every schedule, the next first."""

    schedules: list[Schedule]


class Ran(Schema):
    """The job a schedule made."""

    job: int | None


class AskedDeliveries(Schema):
    """Which deliveries are meant."""

    dead: bool = Field(False, description="Only what was not delivered.")
    below: int | None = Field(None, ge=1, le=_MOST_ID, description="Those of lower ids alone.")


class Delivery(Schema):
    """What one subscriber got of one event."""

    id: int
    event: str
    event_id: int
    kind: str = Field(description="The kind of job that is to deliver it.")
    job: int | None
    state: str = Field(description="That of its job; removed when it is gone, stopped without one.")
    why: str = Field(description="Why it was not delivered.")
    created_at: datetime


class Deliveries(Schema):
    """One page of deliveries, newest first."""

    deliveries: list[Delivery]
    next: int | None = Field(description="Ask again with below=this; null on the last page.")


class Replayed(Schema):
    """A delivery that is delivered again, by this job."""

    id: int
    job: int
    state: str
