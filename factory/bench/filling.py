"""A scratch database as large as an installation may become, made by statements over sets."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from jobs import kinds, sums
from projects.mapping import EXTRACTOR

_SQL = Path(__file__).resolve().parent / "sql" / "pages.sql"
_NUMBERED = ("project", "repository", "system_map", "job_runner", "job", "job_event")


def fill(
    projects: int, jobs: int, tell: Callable[[str], None] = lambda told: None
) -> dict[str, User]:
    """This function will write so many projects and jobs with their history into an empty database.

    Gives three people: `staff`, a `member` of every project, and one of the first `few`.
    """
    found = people()
    with transaction.atomic():
        write(found, projects, jobs, tell)
    with connection.cursor() as cursor:
        for table in _NUMBERED:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 — names of ours
            )
        cursor.execute("VACUUM (ANALYZE)")
    closed = sum(1 for _ in sums.close())
    tell(f"{closed} hours summed, as upkeep does")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) job_sum")
    return found


def people() -> dict[str, User]:
    """This function will make the three people."""
    return {
        "staff": User.objects.create_superuser("staff"),
        "member": User.objects.create_user("member"),
        "few": User.objects.create_user("few"),
    }


def write(
    people: dict[str, User],
    projects: int,
    jobs: int,
    tell: Callable[[str], None] = lambda told: None,
) -> None:
    """This function will write the rows, without triggers until the transaction ends."""
    began = time.monotonic()
    sizes: dict[str, Any] = {"projects": projects, "jobs": jobs, "extractor": EXTRACTOR}
    # One that brings several repositories is rare.
    sizes["kinds"] = [one.name for one in kinds.all_kinds() if not one.name.endswith("_many")]
    sizes |= {name: user.pk for name, user in people.items()}
    with connection.cursor() as cursor:
        for statement in _SQL.read_text().split(";\n\n"):
            cursor.execute(statement, sizes)
            tell(f"{time.monotonic() - began:.0f} s: {statement.strip().splitlines()[0][:60]}")
