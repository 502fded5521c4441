"""The runners of all machines: their clusters, their pools, and the code they run."""

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from jobs import db


class Cluster(NamedTuple):
    """The runners that one sentinel of one host has forked; `pids` are their processes."""

    host: str
    sentinel: int
    pusher: int
    pids: list[int]
    since: datetime
    seen_at: datetime
    busy: bool
    rss_mb: dict[int, int]

    @property
    def name(self) -> str:
        """What tells it from other clusters of its host."""
        return str(self.sentinel)


_CLUSTERS = """
SELECT host, split_part(cluster, ':', 1)::int, max(split_part(owner, ':', 1))::int,
       array_agg(pid ORDER BY id), min(started_at), max(seen_at),
       bool_or(busy_until > clock_timestamp()), jsonb_object_agg(pid, rss_mb)
FROM job_runner WHERE stopped_at IS NULL AND cluster <> '' GROUP BY host, cluster ORDER BY host, cluster
"""


def clusters(seconds: float) -> list[Cluster]:
    """This function will read the clusters of all hosts, within so many seconds.

    On a connection of its own: whoever asks may be in no state to use Django's. Raises `db.Silent`
    and `db.Error`.
    """
    parameters: dict[str, Any] = dict(connection.get_connection_params())
    parameters.pop("cursor_factory", None)
    with closing(db.Impatient(parameters, seconds)) as asked:
        found = asked.ask(_CLUSTERS)
    return [_cluster(*row) for row in found]


def skewed(versions: Iterable[str], mine: str) -> list[str]:
    """This function will give the versions that differ from `mine`, each once."""
    return sorted({version for version in versions if version and version != mine})


def _cluster(*row: Any) -> Cluster:
    memory = {int(pid): mb for pid, mb in row[-1].items()}
    return Cluster._make((*row[:-2], bool(row[-2]), memory))
