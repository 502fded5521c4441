"""Parents of very many children: an end takes little time, and none of them is forgotten."""

import threading
from collections import Counter
from typing import Any

from django.db import connection

from jobs import audit, ledger, queue, upkeep
from jobs.failures import Failed, FailureClass
from jobs.models import Unjudged
from tests import services
from tests.jobs.conftest import Desk, other_connection, states


def noop(**options: Any) -> int:
    return queue.enqueue("demo.noop", {}, **options).pk


def judged_by_upkeep() -> list[int]:
    """Tick until nothing is left to judge, and say how many each tick moved."""
    made = []
    while Unjudged.objects.exists():
        made.append(upkeep.tick(connection.connection).judged)
    return made


def test_an_end_judges_a_thousand_children_and_upkeep_soon_the_others(desk: Desk) -> None:
    parent = noop()
    children = queue.enqueue_many("demo.noop", [{}] * 2500, depends=[parent])

    desk.ledger.finish([ledger.success(desk.claim()[0], None)])
    at_once = Counter(states(*children))
    board = audit.verify_board().disagreements
    ticks = judged_by_upkeep()

    assert (at_once, board) == ({"queued": 1000, "blocked": 1500}, [])
    assert (ticks, set(states(*children))) == ([1000, 500], {"queued"})


def test_all_children_fall_with_their_parent_and_theirs_with_them(desk: Desk) -> None:
    parent = noop()
    children = queue.enqueue_many("demo.noop", [{}] * 1500, depends=[parent])
    heirs = queue.enqueue_many("demo.noop", [{}] * 1500, depends=[children[0]])
    last = noop(depends=[heirs[-1]])

    no = Failed(FailureClass.AUTH, "No.")
    desk.ledger.finish([ledger.failure(desk.claim()[0], no)])
    at_once = states(*children, *heirs).count("cancelled")
    ticks = judged_by_upkeep()

    assert (at_once, max(ticks)) == (1000, 1000)
    assert set(states(*children, *heirs, last)) == {"cancelled"}


def test_a_child_that_upkeep_is_to_judge_still_waits_for_its_other_parent(desk: Desk) -> None:
    first, second = noop(), noop(priority=-1)
    children = queue.enqueue_many("demo.noop", [{}] * 1001, depends=[first, second])

    desk.ledger.finish([ledger.success(desk.claim(1)[0], None)])
    early = judged_by_upkeep(), set(states(*children))
    desk.ledger.finish([ledger.success(desk.claim(1)[0], None)])

    assert early == ([0], {"blocked"})
    assert (judged_by_upkeep(), set(states(*children))) == ([1], {"queued"})


def test_two_that_judge_at_once_judge_each_child_once(committed: services.ScratchDatabase) -> None:
    parent = queue.enqueue("demo.noop", {})
    children = queue.enqueue_many("demo.noop", [{}] * 3000, depends=[parent.pk], policy="ignore")
    parent.cancel(by="user:1")
    judged: list[int] = []

    def tick() -> None:
        with other_connection(committed) as raw:
            judged.append(upkeep.tick(raw).judged)

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert judged == [1000, 1000]
    assert set(states(*children)) == {"queued"}
    assert not Unjudged.objects.exists()
