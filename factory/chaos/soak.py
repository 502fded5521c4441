"""A long course without faults: whether tables, dead rows, files and memory stay where they are.

What is finished is retired every few seconds, as a day's retention would do it; so a day's work
passes through the tables in half an hour.
"""

import os
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings

from factory.chaos import stack
from factory.chaos.book import Book
from factory.chaos.orders import ACTOR
from factory.supervisor import record
from jobs import acts, events, retention, storage
from jobs.models import Job
from jobs.states import State

_EVERY_S = 10.0
_PAGE = os.sysconf("SC_PAGE_SIZE")
# By so much a late figure may exceed an early one: by this factor, and by this much.
_TIMES = 1.3
_MORE = {"bytes": 16 << 20, "dead": 20_000, "files": 12, "rss_mb": 40}


# Asked of the rows at the moment they go: between a look and a removal, another may have ended.
_NOTED = """
CREATE TABLE chaos_retired (id bigint NOT NULL);
CREATE FUNCTION chaos_retired() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO chaos_retired SELECT id FROM old_rows WHERE state IN ('succeeded', 'failed', 'cancelled');
  RETURN NULL;
END $$;
CREATE TRIGGER chaos_retired AFTER DELETE ON job
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION chaos_retired();
"""


@dataclass
class Soak:
    """Samples by series, taken while the load goes on."""

    book: Book
    samples: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    next_at: float = 0.0

    def __post_init__(self) -> None:
        stack.rows(_NOTED)

    def look(self) -> None:
        """This method will retire what is finished and take one sample, every few seconds."""
        if time.monotonic() < self.next_at:
            return
        self.next_at = time.monotonic() + _EVERY_S
        if stack.answered(self._retire) is None:
            return
        for table in storage.tables():
            if table.name.startswith("job"):
                self.samples[f"bytes of {table.name}"].append(table.bytes)
                self.samples[f"dead in {table.name}"].append(table.dead)
        for name, pid in _processes().items():
            self.samples[f"files of {name}"].append(open_files(pid))
            self.samples[f"rss_mb of {name}"].append(_rss_mb(pid))

    def verdict(self) -> dict[str, Any]:
        """This method will compare the second quarter of the time with the last one, by series.

        The first quarter is left out: caches fill, tables reach the size at which they stay.
        """
        series = {name: _compared(values) for name, values in sorted(self.samples.items())}
        grown = [
            name
            for name, each in series.items()
            if each["late"] > each["early"] * _TIMES + _MORE[name.split()[0]]
        ]
        return {
            "samples": max(map(len, self.samples.values()), default=0),
            "flat": not grown,
            "grown": grown,
            "series": series,
        }

    def _retire(self) -> bool:
        settings.FACTORY_KEEP_DAYS = 0
        acts.acknowledge(Job.objects.filter(state=State.FAILED, acknowledged_at=None), by=ACTOR)
        forgotten = retention.forget_events(events.passing())
        for _ in (*retention.retire(), *retention.leftovers(), *forgotten):
            pass
        taken = "WITH taken AS (DELETE FROM chaos_retired RETURNING id) SELECT id FROM taken"
        self.book.ended |= {job for (job,) in stack.rows(taken)}
        return True


def _compared(values: list[float]) -> dict[str, float]:
    quarter = max(1, len(values) // 4)
    return {
        "early": round(median(values[quarter : 2 * quarter] or values)),
        "late": round(median(values[-quarter:])),
        "max": round(max(values)),
    }


def _processes() -> dict[str, int]:
    found = record.read()
    known = {each.name: each.pid for each in found.processes} if found else {}
    runners = stack.rows(
        "SELECT pool, min(pid) FROM job_runner WHERE stopped_at IS NULL GROUP BY 1"
    )
    return known | {f"runner of {pool}": pid for pool, pid in runners}


def open_files(pid: int) -> int:
    """This function will count the files a process has open; 0 when it is gone."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def _rss_mb(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE >> 20
    except OSError:
        return 0
