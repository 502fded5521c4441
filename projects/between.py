"""Which repositories of a project need each other: by the names of the packages they install."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count

from projects.models import Project, Repository

MOST = 200
"""Edges of one answer."""

# Names of Python's packages are compared as PEP 503 has it. Only current maps count.
_EDGES = """
    WITH made AS (
      SELECT r.id AS repository, m.structure
      FROM repository r JOIN system_map m ON m.id = r.current_map_id WHERE r.project_id = %(project)s),
    wanted AS (
      SELECT made.repository, one.*
      FROM made, jsonb_to_recordset(made.structure->'dependencies') AS one
        (ecosystem text, name text, "constraint" text, version text, scope text, path text, line int)),
    offered AS (
      SELECT made.repository, one.ecosystem, one.name, max(one.version) AS version
      FROM made, jsonb_to_recordset(made.structure->'publishes') AS one
        (ecosystem text, name text, version text)
      GROUP BY 1, 2, 3)
    SELECT wanted.repository, offered.repository, wanted.ecosystem, wanted.name, wanted.constraint,
           wanted.version, offered.version, wanted.scope, wanted.path, wanted.line, count(*) OVER ()
    FROM wanted JOIN offered ON offered.ecosystem = wanted.ecosystem
      AND offered.repository <> wanted.repository
      AND CASE WHEN wanted.ecosystem = 'pypi'
            THEN lower(regexp_replace(offered.name, '[-_.]+', '-', 'g'))
               = lower(regexp_replace(wanted.name, '[-_.]+', '-', 'g'))
            ELSE offered.name = wanted.name END
    ORDER BY wanted.repository, offered.repository, wanted.path, wanted.line, wanted.name
    LIMIT %(most)s
"""


@dataclass(frozen=True)
class Needs:
    """One repository installs a package another one publishes; path and line say where."""

    src: Repository
    dst: Repository
    ecosystem: str
    name: str
    constraint: str
    version: str
    published: str
    scope: str
    path: str
    line: int


@dataclass(frozen=True)
class Between:
    """The first edges between the repositories of a project, and of how many maps they are."""

    edges: list[Needs]
    total: int
    mapped: int
    repositories: int

    @property
    def worth_showing(self) -> bool:
        """Whether there is anything to be between."""
        return self.repositories > 1


def of(project: Project) -> Between:
    """This function will find the edges between a project's repositories, from their current maps."""
    every = Repository.objects.filter(project=project).aggregate(
        mapped=Count("current_map"), all=Count("pk")
    )
    rows: list[tuple[Any, ...]] = []
    if every["mapped"] > 1:
        with connection.cursor() as cursor:
            cursor.execute(_EDGES, {"project": project.pk, "most": MOST})
            rows = cursor.fetchall()
    ends = {end for row in rows for end in row[:2]}
    known = Repository.objects.with_map_status().defer("token", "ssh_key").in_bulk(ends)
    # A repository that went in between has no edge any more.
    edges = [
        Needs(known[src], known[dst], *rest)
        for src, dst, *rest, _ in rows
        if src in known and dst in known
    ]
    return Between(edges, rows[0][-1] if rows else 0, every["mapped"], every["all"])
