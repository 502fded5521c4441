"""A checkpoint is its claim's alone, also at the commit of the transaction it was made in."""

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction

from jobs import db, queue
from jobs.context import Run
from jobs.models import Job, Stale
from jobs.reporting import Report
from tests import services
from tests.jobs.conftest import Desk, introduce, other_connection


@pytest.fixture
def two_hands(committed: services.ScratchDatabase) -> Iterator[tuple[Run, Desk]]:
    """This fixture will lend a running job and, on another connection, the runner that claimed it."""
    queue.enqueue("demo.noop", {})
    with other_connection(committed) as raw:
        desk = Desk(raw, introduce())
        claim = desk.claim()[0]
        yield Run(claim, Report(claim), lambda: None), desk


def test_a_checkpoint_of_a_lost_job_is_refused(two_hands: tuple[Run, Desk]) -> None:
    run, desk = two_hands
    run.checkpoint("mine")
    desk.ledger.hand_back([run.claim], "")
    desk.claim()

    with pytest.raises(Stale):
        run.checkpoint("late")

    assert run.resumed == "mine"


def test_a_transaction_with_a_checkpoint_is_undone_when_the_job_was_lost_before_its_commit(
    two_hands: tuple[Run, Desk],
) -> None:
    run, desk = two_hands
    run.checkpoint("before")

    @transaction.atomic
    def work() -> None:
        run.checkpoint("with its effect")
        queue.enqueue("demo.noop", {}, subject="the effect")
        desk.ledger.hand_back([run.claim], "Its lease was over.")
        assert desk.claim_ids() == [run.job_id]

    with pytest.raises(IntegrityError, match="another runner holds it"):
        work()

    assert run.resumed == "before"
    assert not Job.objects.filter(subject="the effect").exists()


def test_a_job_can_be_cancelled_while_a_transaction_holds_its_checkpoint(
    two_hands: tuple[Run, Desk],
) -> None:
    run, desk = two_hands

    with transaction.atomic():
        run.checkpoint("here")
        db.rows(desk.ledger.raw, "SET lock_timeout = '1s'")
        db.rows(
            desk.ledger.raw,
            "UPDATE job SET intent = 'cancel', intent_by = 'user:1', intent_at = now() WHERE id = %s",
            (run.job_id,),
        )

    assert (run.resumed, Job.objects.get().intent) == ("here", "cancel")
