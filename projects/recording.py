"""Histories in the database: what was read is put aside, then published in one transaction."""

from collections.abc import Iterable
from datetime import date
from itertools import islice

from django.db import connection
from django.db.models.functions import Now

from projects.mapping.history import READER, people, tally
from projects.mapping.history.reading import Known, Read
from projects.mapping.history.tally import Tally
from projects.models import History, Repository

RECENT = 12  # months
_LINE = 32  # characters of a row, about
# Temporary: it ends with the session, so a killed job leaves nothing behind.
_BEGIN = """
    CREATE TEMPORARY TABLE IF NOT EXISTS history_read
      (place int, author int, month int, commits int, added bigint, deleted bigint);
    CREATE TEMPORARY TABLE IF NOT EXISTS history_ids (what text, place int, id bigint);
    TRUNCATE history_read, history_ids
"""
_ASIDE = "COPY history_read (place, author, month, commits, added, deleted) FROM STDIN"
_WHOLE = "COPY file_churn (file_id, author_id, month, commits, added, deleted) FROM STDIN"
_IDS = "SELECT what, place - 1, id FROM history_ids"
_FILES = """
    INSERT INTO history_file (history_id, path)
    SELECT %s, u.path FROM unnest(%s::text[]) AS u (path) ON CONFLICT DO NOTHING
"""
_FILE_IDS = """
    INSERT INTO history_ids (what, place, id)
    SELECT 'file', u.place, f.id FROM unnest(%(paths)s::text[]) WITH ORDINALITY AS u (path, place)
    JOIN history_file f ON f.path = u.path AND f.history_id = %(history)s
"""
_AUTHORS = """
    INSERT INTO history_author (history_id, name, email, bot, commits)
    SELECT %s, u.* FROM unnest(%s::text[], %s::text[], %s::bool[], %s::int[]) AS u
    ON CONFLICT (history_id, name, email)
    DO UPDATE SET commits = history_author.commits + EXCLUDED.commits
"""
_AUTHOR_IDS = """
    INSERT INTO history_ids (what, place, id)
    SELECT 'author', u.place, a.id
    FROM unnest(%(names)s::text[], %(emails)s::text[]) WITH ORDINALITY AS u (name, email, place)
    JOIN history_author a ON a.name = u.name AND a.email = u.email AND a.history_id = %(history)s
"""
_CHURN = """
    INSERT INTO file_churn (file_id, author_id, month, commits, added, deleted)
    SELECT f.id, a.id, make_date(r.month / 12, mod(r.month, 12) + 1, 1),
           sum(r.commits), sum(r.added), sum(r.deleted)
    FROM history_read r
    JOIN history_ids f ON f.what = 'file' AND f.place = r.place + 1
    JOIN history_ids a ON a.what = 'author' AND a.place = r.author + 1
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
# Only where there may be rows already: twice as slow.
_ADDING = """
    ON CONFLICT (file_id, author_id, month) DO UPDATE SET
      commits = file_churn.commits + EXCLUDED.commits,
      added = file_churn.added + EXCLUDED.added,
      deleted = file_churn.deleted + EXCLUDED.deleted
"""
# A person counts once under each name, whatever the addresses; of equals the one who came last.
_SUMMARY = """
    WITH person AS (
      SELECT c.file_id, a.name, sum(c.commits) AS commits,
             sum(c.commits) FILTER (WHERE c.month > %(recent)s) AS recent,
             sum(c.commits) FILTER (WHERE c.month > %(before)s AND c.month <= %(recent)s) AS before,
             sum(c.added) AS added, sum(c.deleted) AS deleted,
             min(c.month) AS first, max(c.month) AS last
      FROM history_file f JOIN file_churn c ON c.file_id = f.id
      JOIN history_author a ON a.id = c.author_id AND NOT a.bot
      WHERE f.history_id = %(history)s
      GROUP BY c.file_id, a.name
    ), total AS (
      SELECT file_id, sum(commits)::int AS commits, coalesce(sum(recent), 0)::int AS recent,
             coalesce(sum(before), 0)::int AS before, count(*)::int AS authors,
             (array_agg(name ORDER BY commits DESC, last DESC, name COLLATE "C"))[1] AS top_author,
             max(commits)::int AS top_commits, sum(added)::bigint AS added,
             sum(deleted)::bigint AS deleted, min(first) AS first, max(last) AS last
      FROM person GROUP BY file_id
    )
    UPDATE history_file f SET
      commits = t.commits, recent = t.recent, before = t.before, authors = t.authors,
      top_author = t.top_author, top_commits = t.top_commits, added = t.added,
      deleted = t.deleted, first = t.first, last = t.last
    FROM total t WHERE t.file_id = f.id AND f.history_id = %(history)s AND
      (f.commits, f.recent, f.before, f.authors, f.top_author, f.top_commits, f.added, f.deleted,
       f.first, f.last)
      IS DISTINCT FROM
      (t.commits, t.recent, t.before, t.authors, t.top_author, t.top_commits, t.added, t.deleted,
       t.first, t.last)
"""
_COUPLINGS = """
    INSERT INTO coupling (history_id, one_id, other_id, together, of_one, of_other)
    SELECT %s, one.id, other.id, u.together, u.of_one, u.of_other
    FROM unnest(%s::text[], %s::text[], %s::int[], %s::int[], %s::int[])
      AS u (one, other, together, of_one, of_other)
    JOIN history_file one ON one.path = u.one AND one.history_id = %s
    JOIN history_file other ON other.path = u.other AND other.history_id = %s
"""
_OLD = (
    "DELETE FROM file_churn c USING history_file f WHERE c.file_id = f.id AND f.history_id = %s",
    "DELETE FROM history_file WHERE history_id = %s",
    "DELETE FROM history_author WHERE history_id = %s",
)


class Aside:
    """Where rows wait in the database until all of a history is read; no other session sees them."""

    def clear(self) -> None:
        """This method will forget what waits there."""
        with connection.cursor() as cursor:
            cursor.execute(_BEGIN)

    def put(self, counted: Tally) -> None:
        """This method will move rows there, out of this process's memory."""
        rows = (
            f"{place}\t{author}\t{month}\t{row.commits}\t{row.added}\t{row.deleted}\n"
            for place, author, month, row in counted.drain()
        )
        with connection.cursor() as cursor:
            cursor.copy_expert(_ASIDE, _Lines(rows))


class _Lines:
    """Lines as a file to be copied from: the database stores some while the next are written."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)

    def read(self, size: int) -> str:
        """This method will give the next lines, about `size` characters; '' is the end."""
        return "".join(islice(self._lines, max(1, size // _LINE)))


class Outdated(Exception):
    """The history is not what the new commits are to be added to."""


def known(repository: Repository) -> Known | None:
    """This function will give what new commits may be added to, if it is whole and by these rules."""
    found = History.objects.filter(repository=repository, missing="", reader=READER).first()
    if found is None or not found.is_final:
        return None
    return Known(found.commit, found.mailmap, found.with_lines, found.no_lines)


def publish(repository: Repository, read: Read, job: int | None) -> History:
    """This function will make what was read the history; call it inside a transaction.

    Raises Outdated when it is to be added to a history that changed meanwhile.
    """
    former = History.objects.select_for_update().filter(repository=repository).first()
    if read.upon and (former is None or former.commit != read.upon):
        raise Outdated(f"{repository} has no history up to {read.upon[:12]} any more.")
    history = _row(repository, former, read, job)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM coupling WHERE history_id = %s", [history.pk])
        if not read.upon:
            for statement in _OLD:
                cursor.execute(statement, [history.pk])
        _names(history, read)
        if read.upon or read.tally.drained:
            _add_churn(read)
        else:
            _copy_churn(read.tally)
        cursor.execute(_SUMMARY, {"history": history.pk} | _limits(read.until))
        columns = [list(column) for column in zip(*read.pairs, strict=True)] or [[]] * 5
        cursor.execute(_COUPLINGS, [history.pk, *columns, history.pk, history.pk])
        if cursor.rowcount != len(read.pairs):
            raise RuntimeError(f"{cursor.rowcount} pairs were written of {len(read.pairs)}")
    Aside().clear()
    return history


def _row(repository: Repository, former: History | None, read: Read, job: int | None) -> History:
    history = former or History(repository=repository)
    added_to = history if read.upon else History(commits=0, unnamed=0)
    history.commit, history.mailmap, history.until = read.commit, read.mailmap, read.until
    history.reader = READER
    history.commits = added_to.commits + read.tally.commits
    history.unnamed = added_to.unnamed + read.tally.left_out
    history.with_lines, history.no_lines = read.with_lines, read.no_lines
    history.missing, history.coupled, history.job_id = read.missing, read.coupled, job
    history.built_at = Now()  # type: ignore[assignment]
    history.save()
    return history


def _names(history: History, read: Read) -> None:
    counted = read.tally
    names, emails = [name for name, _ in counted.authors], [email for _, email in counted.authors]
    bots = [people.is_bot(*author) for author in counted.authors]
    commits = [counted.commits_of.get(place, 0) for place in counted.authors.values()]
    with connection.cursor() as cursor:
        paths = list(counted.paths)
        cursor.execute(_FILES, [history.pk, paths])
        cursor.execute(_FILE_IDS, {"history": history.pk, "paths": paths})
        cursor.execute(_AUTHORS, [history.pk, names, emails, bots, commits])
        cursor.execute(_AUTHOR_IDS, {"history": history.pk, "names": names, "emails": emails})


def _add_churn(read: Read) -> None:
    """What was put aside in parts, or goes to what is there already, is summed by the database."""
    Aside().put(read.tally)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE history_read, history_ids")
        cursor.execute(_CHURN + _ADDING if read.upon else _CHURN)


def _copy_churn(counted: Tally) -> None:
    """What is whole and in memory is written once, in the order of its key."""
    with connection.cursor() as cursor:
        cursor.execute(_IDS)
        ids = {(what, place): pk for what, place, pk in cursor.fetchall()}
        files = [ids["file", place] for place in range(len(counted.paths))]
        authors = [ids["author", place] for place in range(len(counted.authors))]
        months = _Months()
        rows = (
            f"{files[place]}\t{authors[author]}\t{months[month]}\t"
            f"{row.commits}\t{row.added}\t{row.deleted}\n"
            for place, author, month, row in counted.drain()
        )
        cursor.copy_expert(_WHOLE, _Lines(rows))


class _Months(dict[int, str]):
    """The first day of a month that counts from the year 0, as the database reads it."""

    def __missing__(self, number: int) -> str:
        self[number] = str(tally.month(number))
        return self[number]


def _limits(until: date) -> dict[str, date]:
    """The months after which a change is recent, and after which it was so a year before."""
    newest = until.year * 12 + until.month - 1
    return {
        "recent": tally.month(newest - RECENT),
        "before": tally.month(newest - 2 * RECENT),
    }
