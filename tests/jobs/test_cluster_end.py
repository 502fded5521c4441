"""A SIGTERM to the whole process group, as shells and service managers send it, ends in order."""

import os
import signal
from collections.abc import Callable

import pytest

from jobs import queue
from tests.jobs.conftest import Cluster, running, states


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_a_signal_to_the_whole_group_ends_the_cluster_and_loses_no_job(
    start_cluster: Callable[..., Cluster], attempt: int
) -> None:
    cluster = start_cluster("short=2", 2)
    job = queue.enqueue("demo.sleep", {"seconds": 1})
    assert running(job.pk)

    os.killpg(cluster.main.pid, signal.SIGTERM)

    assert cluster.main.wait(40) == 0
    assert states(job.pk) == ["succeeded"]
