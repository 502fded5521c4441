"""The ledger in disorder: what two runners, people, upkeep and time do in between each other.

One runner may leave its claim uncommitted, and lose it: what others do meanwhile must not wait for
it, nor see it. After every step the rows must be what their history says.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any

import psycopg2
from django.db import OperationalError, connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from jobs import acts, dependencies, ledger, queue, upkeep
from jobs.failures import Failed, FailureClass
from jobs.ledger import Claim, Ending, Ledger
from jobs.models import Attempt, Job, Limit, Move, Refused, Runner
from jobs.states import BIRTHS, FINISHED, HELD, LEGAL, LIVE, Intent, State
from tests import services
from tests.jobs.conftest import GONE_PID, introduce, other_connection, processes

MOST_OF_KEY = 2
_seldom = st.integers(0, 7).map(lambda number: number == 0)
_ACTS = ("pause", "resume", "cancel", "retry", "acknowledge")
_WORKS = ("claim", "end", "end_late", "hand_back", "verify", "die")
_what = st.sampled_from(
    [
        *_WORKS,
        "claim",
        "claim",
        "end",
        "end",
        "end_late",
        "person",
        "person",
        "person",
        "depend",
        "time",
    ]
)
_ends = st.sampled_from(["well", "retried", "retried", "bug", "stopped", "cancelled"])
_either = st.integers(0, 1)
_pick = st.integers(0, 2**16)


class Hands:
    """One runner: its connection, what it holds, and what it once held."""

    def __init__(self, raw: Any, host: dict[str, Any]) -> None:
        self.raw, self.host = raw, host
        _say(raw, "DEALLOCATE ALL")
        self.ledger = Ledger(raw)
        self.row = introduce(**self.host)
        self.held: dict[int, Claim] = {}
        self.past: list[Claim] = []
        self.pending: list[Claim] | None = None

    def take(self, claims: list[Claim]) -> None:
        """This method will note what was claimed and committed."""
        self.held |= {claim.id: claim for claim in claims}
        self.past += claims

    def renewed(self) -> None:
        """This method will be another process: what this one held, nobody holds."""
        self.held.clear()
        self.row = introduce(**self.host)


class Machine(RuleBasedStateMachine):
    """What may happen to jobs, in any order."""

    connections: tuple[Any, Any, Any]

    @initialize()
    def begin(self) -> None:
        """This step will begin with two runners and no jobs of this example."""
        Limit.objects.get_or_create(key="two", defaults={"most_running": MOST_OF_KEY})
        self.jobs: list[int] = queue.enqueue_many("demo.noop", [{}] * 4)
        self.fences: dict[int, int] = defaultdict(int)
        self.hands = [Hands(*one) for one in zip(self.connections, processes(), strict=False)]
        self.upkeep = self.connections[2]

    def teardown(self) -> None:
        """This method will leave nothing that lives to the next example."""
        for hands in getattr(self, "hands", ()):
            if hands.pending is not None:
                _say(hands.raw, "ROLLBACK")
        Runner.objects.update(pid=GONE_PID)
        upkeep.tick(self.upkeep)
        acts.cancel(Job.objects.live(), by="user:1")

    # Enqueueing

    @rule(
        key=st.sampled_from(["", "", "", "one", "two"]),
        unique=st.sampled_from(["", "", "", "same"]),
        priority=st.integers(-1, 1),
        later=_seldom,
        parents=st.one_of(st.just([]), st.just([]), st.lists(_pick, max_size=2)),
        policy=st.sampled_from(["cancel", "hold", "ignore"]),
    )
    def enqueue(
        self, key: str, unique: str, priority: int, later: bool, parents: list[int], policy: str
    ) -> None:
        """This step will enqueue a job that may wait for a time, for others, and for a key."""
        options: dict[str, Any] = {"limit_key": key, "unique_key": unique, "priority": priority}
        if parents and self.jobs:
            options |= {"depends": {self._one(pick) for pick in parents}, "policy": policy}
        with self._unlocked():
            made = queue.enqueue("demo.noop", {}, after=3600.0 if later else 0.0, **options)
            if made.pk not in self.jobs:
                self.jobs.append(made.pk)

    @rule(steps=st.lists(st.tuples(_what, _either, _pick, _ends), min_size=1, max_size=8))
    def happen(self, steps: list[tuple[str, int, int, str]]) -> None:
        """This step will let things happen to jobs, one after the other."""
        for what, who, pick, how in steps:
            if what in _WORKS:
                self._work(self.hands[who], what, pick, how)
            else:
                getattr(self, f"_{what}")(pick)

    # Runners

    def _work(self, hands: Hands, what: str, pick: int, how: str) -> None:
        """One whose claim is open decides about that, whatever else it would do."""
        if hands.pending is not None:
            self._close(hands, lost=pick % 3 == 0)
        elif what == "claim":
            _say(hands.raw, "BEGIN")
            hands.pending = self._claimed(hands, 1 + pick % 5)
            if pick % 7:
                self._close(hands, lost=False)
        elif what == "die":
            self._die(hands)
        elif what == "end_late":
            self._end_late(hands, pick, how)
        elif hands.held:
            claim = hands.held[sorted(hands.held)[pick % len(hands.held)]]
            with self._unlocked():
                getattr(self, f"_{what}")(hands, claim, how)

    def _end(self, hands: Hands, claim: Claim, how: str) -> None:
        before, ending = Job.objects.get(pk=claim.id), _ending(claim, how)
        refused = hands.ledger.finish([ending])
        del hands.held[claim.id]
        assert refused == []
        assert Job.objects.get(pk=claim.id).state == _expected(ending.state, before.intent)

    def _hand_back(self, hands: Hands, claim: Claim, how: str) -> None:
        before = Job.objects.get(pk=claim.id)
        hands.ledger.hand_back([claim], "handed back")
        del hands.held[claim.id]
        assert Job.objects.get(pk=claim.id).state == _expected(State.QUEUED, before.intent)

    def _verify(self, hands: Hands, claim: Claim, how: str) -> None:
        running = Job.objects.filter(pk=claim.id, fence=claim.fence, state=State.RUNNING)
        running.update(state=State.VERIFYING)

    def _end_late(self, hands: Hands, pick: int, how: str) -> None:
        """The end of a claim that is over changes nothing."""
        over = [claim for claim in hands.past if hands.held.get(claim.id) != claim]
        if over:
            claim = over[pick % len(over)]
            with self._unlocked():
                before = _row(claim.id)
                assert hands.ledger.finish([_ending(claim, how)]) == [claim.id]
                assert _row(claim.id) == before

    def _die(self, hands: Hands) -> None:
        """Upkeep proves that the process is gone, and settles its jobs."""
        Runner.objects.filter(pk=hands.row.pk).update(pid=GONE_PID)
        hands.renewed()
        self._tick()

    # People and time

    def _person(self, pick: int) -> None:
        """Acts on one job, seldom on all at once."""
        act = _ACTS[pick % len(_ACTS)]
        with self._unlocked(), suppress(Refused):
            if pick % 11 == 0:
                done = getattr(acts, act)(Job.objects.filter(pk__in=self.jobs), by="user:1")
                assert sum(done) == len(self.jobs)
            else:
                getattr(Job.objects.get(pk=self._one(pick // 7)), act)(by="user:1")

    def _depend(self, pick: int) -> None:
        """Lets a job wait for another; circles are refused."""
        with self._unlocked(), suppress(Refused):
            dependencies.depend(self._one(pick), [self._one(pick // 7)], by="user:1")

    def _time(self, pick: int) -> None:
        """Makes due what is scheduled, and lets upkeep see to it."""
        with self._unlocked():
            Job.objects.filter(state=State.SCHEDULED).update(run_after="2020-01-01T00:00Z")
            Job.objects.exclude(resume_at=None).update(resume_at="2020-01-01T00:00Z")
        self._tick()

    # What holds after every step

    @invariant()
    def none_is_lost(self) -> None:
        """This check will find every accepted job."""
        jobs = getattr(self, "jobs", [])
        assert Job.objects.filter(pk__in=jobs).count() == len(jobs)

    @invariant()
    def rows_are_what_their_history_says(self) -> None:
        """This check will replay the moves of every job."""
        jobs = getattr(self, "jobs", [])
        moves: dict[int, list[tuple[str, str]]] = defaultdict(list)
        listed = Move.objects.filter(job__in=jobs).order_by("pk")
        for job, old, new in listed.values_list("job_id", "from_state", "to_state"):
            moves[job].append((old, new))
        attempts: dict[int, int] = defaultdict(int)
        for job in Attempt.objects.filter(job__in=jobs).values_list("job_id", flat=True):
            attempts[job] += 1
        for row in Job.objects.filter(pk__in=jobs):
            path = moves[row.pk]
            assert path[0][1] in BIRTHS
            assert all(later[0] == sooner[1] for sooner, later in pairwise(path))
            assert all(move in LEGAL for move in path[1:])
            assert path[-1][1] == row.state
            assert attempts[row.pk] + (row.state in HELD) == row.attempt <= row.max_attempts + 1

    @invariant()
    def fences_only_grow_and_holders_are_known(self) -> None:
        """This check will find every held job in the hands of one who lives, and no intent elsewhere."""
        hands = getattr(self, "hands", [])
        known = {(claim.id, claim.fence) for one in hands for claim in one.held.values()}
        held = set()
        for row in Job.objects.filter(pk__in=getattr(self, "jobs", [])):
            assert row.fence >= self.fences[row.pk]
            self.fences[row.pk] = row.fence
            if row.state in HELD:
                held.add((row.pk, row.fence))
            assert not row.intent or row.state in HELD
        assert held == known

    @invariant()
    def limits_hold(self) -> None:
        """This check will count what runs under each key."""
        running = Job.objects.filter(state__in=HELD).exclude(limit_key="")
        keys = list(running.values_list("limit_key", flat=True))
        assert keys.count("one") <= 1
        assert keys.count("two") <= MOST_OF_KEY
        waiting = Job.objects.filter(unique_key="same", fence=0, state__in=set(LIVE) - set(HELD))
        assert waiting.count() <= 1

    @invariant()
    def what_is_blocked_waits_for_something(self) -> None:
        """This check will find, for each blocked job, one that is not done or did not succeed."""
        blocked = Job.objects.filter(pk__in=getattr(self, "jobs", []), state=State.BLOCKED)
        with connection.cursor() as cursor:
            for pk in blocked.values_list("pk", flat=True):
                cursor.execute("SELECT job_must_wait(%s)", [pk])
                assert cursor.fetchone() == (True,)

    def _tick(self) -> None:
        """Upkeep may be held up by an open claim; it comes again when that is over."""
        try:
            upkeep.tick(self.upkeep)
        except psycopg2.errors.LockNotAvailable:
            for hands in self.hands:
                if hands.pending is not None:
                    self._close(hands, lost=True)
            upkeep.tick(self.upkeep)

    def _close(self, hands: Hands, *, lost: bool) -> None:
        """Commit an open claim, or lose it with its connection."""
        _say(hands.raw, "ROLLBACK" if lost else "COMMIT")
        if not lost:
            hands.take(hands.pending or [])
        hands.pending = None

    def _one(self, pick: int) -> int:
        return self.jobs[pick % len(self.jobs)]

    def _claimed(self, hands: Hands, most: int) -> list[Claim]:
        try:
            claims, _ = hands.ledger.finish_and_claim([], "short", most, hands.row.pk)
        except (psycopg2.errors.UniqueViolation, psycopg2.errors.LockNotAvailable):
            # It waits for nobody but one who is about to begin a job of the same key.
            (open_claim,) = [one.pending for one in self.hands if one.pending is not None]
            begun = Job.objects.filter(pk__in=[claim.id for claim in open_claim])
            assert begun.exclude(limit_key="").exists()
            _say(hands.raw, "ROLLBACK; BEGIN")
            return []
        order = [(-claim.priority, claim.id) for claim in claims]
        assert order == sorted(order)
        return claims

    @contextmanager
    def _unlocked(self) -> Iterator[None]:
        """Give up, all or nothing, where a row is locked by the claim that stays open."""
        try:
            with transaction.atomic():
                yield
        except (OperationalError, psycopg2.errors.LockNotAvailable):
            assert any(one.pending is not None for one in self.hands)


def _expected(wanted: str, intent: str) -> str:
    if not intent or wanted == State.SUCCEEDED:
        return wanted
    if intent == Intent.CANCEL:
        return State.CANCELLED
    return State.PAUSED if wanted in (State.QUEUED, State.SCHEDULED) else wanted


def _ending(claim: Claim, how: str) -> Ending:
    ends = {
        "well": lambda: ledger.success(claim, None),
        "retried": lambda: ledger.failure(claim, Failed(FailureClass.UNKNOWN, "broken")),
        "bug": lambda: ledger.failure(claim, Failed(FailureClass.BUG, "broken")),
        "stopped": lambda: ledger.stopped(claim),
        "cancelled": lambda: ledger.cancelled(claim),
    }
    return ends[how]()


def _row(job: int) -> dict[str, Any]:
    return Job.objects.filter(pk=job).values().get()


def _say(raw: Any, sql: str) -> None:
    with raw.cursor() as cursor:
        cursor.execute(sql)


def test_the_ledger_keeps_its_word_whatever_happens(committed: services.ScratchDatabase) -> None:
    with (
        other_connection(committed) as first,
        other_connection(committed) as second,
        other_connection(committed) as third,
    ):
        Machine.connections = (first, second, third)
        for raw in Machine.connections:
            _say(raw, "SET lock_timeout = '20ms'")
        _say(connection, "SET lock_timeout = '20ms'")
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=30,
                stateful_step_count=12,
                deadline=None,
                phases=[Phase.generate],  # a failure is told at once, not made small for minutes
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
        assert set(Job.objects.values_list("state", flat=True)) <= set(FINISHED)
