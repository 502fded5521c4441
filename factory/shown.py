"""What `verify_board` asks of pages: whether they show what the rows say, read in another way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from jobs import board as jobs_board
from jobs import ports
from jobs.plain import numbered
from jobs.ports import Disagreement, Found

_WORD = """
CASE WHEN j.state IN ('running', 'verifying') AND NOT EXISTS (
  SELECT FROM job_runner r WHERE r.id = j.runner_id AND r.stopped_at IS NULL AND r.lease_until > statement_timestamp())
THEN 'lost' ELSE j.state END
"""
_COUNTS = f"""
SELECT {_WORD}, count(*) FROM job j
WHERE state IN ('scheduled', 'blocked', 'queued', 'paused', 'running', 'verifying') GROUP BY 1
"""  # noqa: S608 — no text from outside
_NEWEST = f"SELECT id, {_WORD} FROM job j ORDER BY id DESC LIMIT %s"  # noqa: S608 — as above
_HELD = "SELECT id FROM job WHERE state IN ('running', 'verifying') ORDER BY id LIMIT %s"


def register() -> None:
    """This function will have `verify_board` compare what pages show."""
    ports.audits.register("what pages show", compare)


def compare(raw: Any) -> Found:
    """This function will read pages and rows as of one moment, and tell where they differ."""
    from factory import snapshot  # the client of Valkey, which few commands need

    staff = User(is_staff=True, is_active=True)
    with _one_moment():
        shown = snapshot.jobs(staff)
        pages = {
            "unfinished jobs of /api/status": (shown["jobs"], dict(_rows(_COUNTS))),
            "running jobs of /api/status": (
                [one["id"] for one in shown["running"]],
                [pk for (pk,) in _rows(_HELD, snapshot.RUNNING)],
            ),
            "the first page of /jobs/": (
                [(job.pk, _shown(job)) for job in jobs_board.page(staff, jobs_board.Filter()).jobs],
                _rows(_NEWEST, jobs_board.PAGE),
            ),
        }
    wrong = [_told(name, page, rows) for name, (page, rows) in pages.items() if page != rows]
    return Found(numbered(len(pages), "page"), wrong)


def _shown(job: Any) -> str:
    return str(job.shown)


def _told(name: str, page: Any, rows: Any) -> Disagreement:
    if isinstance(page, dict):
        differing = sorted(key for key in {*page, *rows} if page.get(key, 0) != rows.get(key, 0))
        page, rows = ({key: of.get(key, 0) for key in differing} for of in (page, rows))
    else:
        page, rows = (
            [one for one in page if one not in rows],
            [one for one in rows if one not in page],
        )
    return Disagreement(name, str(page)[:500], f"the rows say {rows}"[:500], None)


@contextmanager
def _one_moment() -> Iterator[None]:
    within = connection.in_atomic_block
    with transaction.atomic():
        if not within:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
