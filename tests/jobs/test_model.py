"""A model of the ledger against the real one: two runners, people, upkeep and the clock, at random.

The model knows in plain Python what each statement should do; the database is asked after each step.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jobs import db, ledger, queue, upkeep
from jobs.failures import Failed, FailureClass, RateLimited
from jobs.ledger import Claim, Ledger, statement
from jobs.models import Attempt, Job, Move, Refused
from jobs.states import FINISHED, HELD, LEGAL, State
from tests.jobs.conftest import introduce, processes

PAST, FUTURE = "2020-01-01T00:00Z", 1000.0


@dataclass
class Known:
    """What the model knows of one job."""

    state: str = "queued"
    attempt: int = 0
    most: int = 3
    fence: int = 0
    intent: str = ""
    due: bool = True
    solo: bool = False
    ended: list[str] = field(default_factory=list)
    """The outcomes of its attempts."""
    desk: int | None = None
    resumes: bool = False
    """It is paused, and goes on by itself."""

    def leaves(self, wanted: str, *, counted: bool = True) -> None:
        """This method will end its execution: what was asked is answered, unless the work is done."""
        self.resumes = wanted == "paused" and not self.intent
        if self.intent == "cancel" and wanted != "succeeded":
            wanted = "cancelled"
        if self.intent == "pause" and wanted in ("queued", "scheduled"):
            wanted = "paused"
        self.attempt -= not counted
        if counted:
            self.ended.append(wanted)
        self.state, self.intent, self.desk = wanted, "", None


class TwoRunners(RuleBasedStateMachine):
    """Two runners on connections of their own, and everybody else on Django's."""

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        with connection.cursor() as cursor:
            cursor.execute("SET factory.clean_slate = 'on'")
            cursor.execute("TRUNCATE job, job_move, job_attempt, job_progress, job_runner CASCADE")
        self.known: dict[int, Known] = {}
        self.upkeep = db.connect("upkeep")
        self.desks = [Ledger(db.connect(f"runner {number}")) for number in range(2)]
        self.hosts = processes()
        self.runners = [introduce(**host).pk for host in self.hosts]

    def teardown(self) -> None:
        """This method will close what the example opened."""
        for raw in (self.upkeep, *(desk.raw for desk in self.desks)):
            raw.close()

    def job(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(sorted(self.known)))

    @initialize(count=st.integers(2, 5))
    def begin(self, count: int) -> None:
        self.enqueue(count, later=False, most=3)

    @rule(count=st.integers(1, 3), later=st.booleans(), most=st.integers(1, 3))
    def enqueue(self, count: int, later: bool, most: int) -> None:
        after = FUTURE if later else 0.0
        for pk in queue.enqueue_many("demo.noop", [{}] * count, after=after, max_attempts=most):
            self.known[pk] = Known("scheduled" if later else "queued", most=most, due=not later)

    @rule(target=claims, desk=st.integers(0, 1), most=st.integers(1, 3))
    def claim(self, desk: int, most: int) -> list[tuple[int, Claim]]:
        line = sorted(pk for pk, job in self.known.items() if job.state == "queued")
        alone = next((at for at, pk in enumerate(line) if self.known[pk].solo), most)
        wanted = line[: min(most, max(1, alone))]
        claims, _ = self.desks[desk].finish_and_claim([], "short", most, self.runners[desk])

        assert [claim.id for claim in claims] == wanted
        for claim in claims:
            job = self.known[claim.id]
            job.state, job.desk, job.due = "running", desk, True
            job.fence += 1
            job.attempt += 1
            assert (claim.fence, claim.attempt) == (job.fence, job.attempt)
        return [(desk, claim) for claim in claims]

    @rule(
        held=consumes(claims), how=st.sampled_from(["well", "lost", "bug", "slow", "limit", "stop"])
    )
    def finish(self, held: list[tuple[int, Claim]], how: str) -> None:
        endings = [self._ending(claim, how) for _, claim in held]
        for (desk, claim), ending in zip(held, endings, strict=True):
            refused = self.desks[desk].finish([ending])
            job = self.known[claim.id]
            if not self._holds(desk, claim):
                assert refused == [claim.id]
                continue
            assert refused == []
            if how in ("stop", "limit") and ending.failure_class == "":
                job.most += 1
            job.due = ending.state != "scheduled"
            job.leaves(ending.state)

    def _ending(self, claim: Claim, how: str) -> ledger.Ending:
        if how == "well":
            return ledger.success(claim, None)
        if how == "stop":
            return ledger.stopped(claim)
        if how == "limit":
            return ledger.rate_limited(claim, RateLimited(FUTURE), advanced=claim.id % 2 == 0)
        kinds = {"lost": FailureClass.WORKER_LOST, "bug": FailureClass.BUG}
        failed = ledger.failure(claim, Failed(kinds.get(how, FailureClass.TIMEOUT), how))
        return failed._replace(delay=FUTURE) if failed.state == "scheduled" else failed

    def _holds(self, desk: int, claim: Claim) -> bool:
        job = self.known[claim.id]
        return job.state in HELD and job.desk == desk and job.fence == claim.fence

    @rule(held=consumes(claims))
    def hand_back(self, held: list[tuple[int, Claim]]) -> None:
        for desk, claim in held:
            holds = self._holds(desk, claim)
            self.desks[desk].hand_back([claim], "Back.")
            if holds:
                self.known[claim.id].leaves("queued", counted=False)

    @precondition(lambda self: self.known)
    @rule(data=st.data(), act=st.sampled_from(["pause", "resume", "cancel", "retry"]))
    def ask(self, data: st.DataObject, act: str) -> None:
        pk = self.job(data)
        possible = getattr(self, f"_{act}")(self.known[pk])
        try:
            getattr(Job.objects.get(pk=pk), act)(by="user:1")
        except Refused:
            assert not possible, f"{act} was refused: {self.known[pk]}"
        else:
            assert possible, f"{act} was not refused: {self.known[pk]}"

    def _pause(self, job: Known) -> bool:
        if job.state == "running" and job.intent != "cancel":
            job.intent = "pause"
        elif job.state in ("scheduled", "queued") or job.resumes:
            job.state, job.resumes = "paused", False
        else:
            return False
        return True

    def _resume(self, job: Known) -> bool:
        if job.state == "paused":
            job.state, job.resumes = "queued" if job.due else "scheduled", False
        elif job.intent == "pause":
            job.intent = ""
        else:
            return False
        return True

    def _cancel(self, job: Known) -> bool:
        if job.state in FINISHED:
            return False
        if job.state in HELD:
            job.intent = "cancel"
        else:
            job.state, job.resumes = "cancelled", False
        return True

    def _retry(self, job: Known) -> bool:
        if job.state not in ("failed", "cancelled"):
            return False
        job.state, job.most, job.solo, job.due = "queued", job.attempt + 3, False, True
        return True

    @rule()
    def time_passes(self) -> None:
        Job.objects.filter(state="scheduled").update(run_after=PAST)
        Job.objects.exclude(state="scheduled").exclude(run_after=None).update(run_after=PAST)
        Job.objects.exclude(resume_at=None).update(resume_at=PAST)
        upkeep.tick(self.upkeep)
        for job in self.known.values():
            job.due = True
            if job.state == "scheduled" or job.resumes:
                job.state, job.resumes = "queued", False

    @rule(desk=st.integers(0, 1))
    def die(self, desk: int) -> None:
        held = [job for job in self.known.values() if job.desk == desk]
        values = {"runner": self.runners[desk], "proof": "It died.", "rowless": False}
        db.rows(self.upkeep, statement("settle"), values)
        for job in held:
            crowd = len(held) > 1
            spent = not crowd and job.attempt >= job.most
            job.solo = job.solo or crowd
            job.leaves("failed" if spent else "queued", counted=not crowd)
        self.runners[desk] = introduce(**self.hosts[desk]).pk

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        found = Job.objects.values_list("pk", "state", "attempt", "fence", "intent", "max_attempts")
        assert {pk: rest for pk, *rest in found} == {
            pk: [job.state, job.attempt, job.fence, job.intent, job.most]
            for pk, job in self.known.items()
        }

    @invariant()
    def moves_replay_to_the_row_and_are_legal(self) -> None:
        story: dict[int, list[str]] = {pk: [] for pk in self.known}
        for pk, to in Move.objects.order_by("pk").values_list("job", "to_state"):
            story[pk].append(to)
        for pk, states in story.items():
            assert states[-1] == self.known[pk].state
            assert all((State(old), State(new)) in LEGAL for old, new in pairwise(states))

    @invariant()
    def attempts_are_the_executions_that_counted(self) -> None:
        story: dict[int, list[str]] = {pk: [] for pk in self.known}
        for pk, outcome in Attempt.objects.order_by("pk").values_list("job", "outcome"):
            story[pk].append(outcome)
        assert story == {pk: job.ended for pk, job in self.known.items()}
        assert all(job.attempt <= job.most for job in self.known.values())


@pytest.mark.usefixtures("committed")
def test_the_ledger_does_what_the_model_says() -> None:
    run_state_machine_as_test(
        TwoRunners,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            derandomize=True,
            phases=[
                Phase.generate
            ],  # a step costs milliseconds: the first failure is told as it is
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
