"""Upkeep sums an hour when nothing can be added to it, and before anything of it is removed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from jobs import db, maintenance, sums
from jobs.sums import DAY, HOUR
from tests import services
from tests.jobs.conftest import other_connection
from tests.jobs.test_maintenance import carried_out
from tests.jobs.test_sums import TODAY, ended


def test_an_hour_that_somebody_may_still_add_to_is_open(
    committed: services.ScratchDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sums, "_GRACE", -HOUR)
    with other_connection(committed) as raw:
        db.rows(raw, "BEGIN")
        began = datetime.now(UTC)
        older = sums._sum(began - 2 * HOUR)
        while_it_lasts = sums._sum(began - HOUR / 2)
        db.rows(raw, "ROLLBACK")

    assert (older, while_it_lasts, sums._sum(began - HOUR / 2)) == (True, False, True)


def test_old_jobs_stay_until_what_ended_with_them_is_summed(
    committed: services.ScratchDatabase, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.FACTORY_KEEP_DAYS = 1
    ended(*[("demo.noop", TODAY - 4 * DAY, "succeeded", "")] * 15)
    next(sums.close())
    with monkeypatch.context() as patch:
        patch.setattr(maintenance.sums, "close", lambda: iter(()))
        late = carried_out("upkeep.prune", "long")

    done = carried_out("upkeep.prune", "long")

    assert "not summed yet" in late.log_chunks.get().text
    assert ("jobs" in late.result, done.result["jobs"]) == (False, 5)


def test_upkeep_sums_what_is_over(committed: services.ScratchDatabase) -> None:
    ended(("demo.noop", TODAY - HOUR, "succeeded", ""))

    job = carried_out("upkeep.sum", "long")

    assert job.result["hours"] >= 24
    assert datetime.fromisoformat(job.result["summed_until"]) >= TODAY
