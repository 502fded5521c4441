"""Maps in the database: facts kept from map to map, publishing, and reading them back."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from jobs import events
from projects import addresses, map_rows
from projects.map_rows import AT_ONCE
from projects.mapping import EXTRACTOR, alarm, files
from projects.mapping.bounds import Bounds
from projects.mapping.build import Fresh, Stored
from projects.mapping.made import Map
from projects.mapping.said import Key
from projects.models import Repository, SystemMap
from projects.models.repository import Gone

_LOAD = """
    SELECT blob, language, facts ->> 'head', coalesce(facts ->> 'said', 'null') FROM blob_facts
    WHERE blob = ANY(%s::text[]) AND extractor = %s
"""
_DEFINITIONS = """
    SELECT blob, language, (facts -> 'definitions')::text FROM blob_facts
    WHERE blob = ANY(%s::text[]) AND extractor = %s AND jsonb_array_length(names) > 0
"""
_KNOWN = "SELECT blob, language FROM blob_facts WHERE blob = ANY(%s::text[]) AND extractor = %s"
_SAVE = """
    INSERT INTO blob_facts (blob, language, extractor, facts)
    SELECT u.blob, u.language, %s, u.facts::jsonb
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS u (blob, language, facts)
    ON CONFLICT DO NOTHING
"""
_OLD_MAPS = """
    DELETE FROM system_map WHERE id IN (
      SELECT m.id FROM (
        SELECT id, built_at, pinned,
          row_number() OVER (PARTITION BY repository_id ORDER BY id DESC) AS place
        FROM system_map) m
      WHERE m.place > %(keep)s AND m.built_at < clock_timestamp() - make_interval(days => %(days)s)
        AND NOT m.pinned
        AND NOT EXISTS (SELECT FROM repository r WHERE r.current_map_id = m.id)
      LIMIT %(most)s)
"""
_OLD_FACTS = """
    DELETE FROM blob_facts WHERE id IN (
      SELECT f.id FROM blob_facts f
      WHERE f.created_at < clock_timestamp() - make_interval(days => %(days)s)
        AND (f.extractor <> %(extractor)s
             OR NOT EXISTS (SELECT FROM map_sighting s WHERE s.blob = f.blob))
      LIMIT %(most)s)
"""


def bounds() -> Bounds:
    """This function will give how much one map may take here."""
    return Bounds(
        files=settings.FACTORY_MAP_FILES,
        read_s=settings.FACTORY_MAP_SECONDS,
        memory_mb=settings.FACTORY_MAP_MEMORY,
    )


class FactsCache:
    """Facts by content, shared by all repositories; see `mapping.build.Cache`."""

    def known(self, wanted: Iterable[Key]) -> set[Key]:
        """This method will say of which blobs facts are kept."""
        keys = set(wanted)
        return keys.intersection(_asked(_KNOWN, keys))

    def load(self, known: set[Key]) -> Iterator[Stored]:
        """This method will give the facts that are kept of these blobs."""
        return (row for row in _asked(_LOAD, known) if row[:2] in known)

    def save(self, found: list[Fresh]) -> None:
        """This method will keep facts; two jobs that read the same blob agree."""
        # In one order, so that two jobs wait for each other, never in a circle.
        rows = [
            (blob, key, f'{{"head":{head},"said":{said},"definitions":{definitions}}}')
            for blob, key, head, said, definitions in sorted(found)
        ]
        with connection.cursor() as cursor:
            for start in range(0, len(rows), AT_ONCE):
                some = rows[start : start + AT_ONCE]
                cursor.execute(_SAVE, [EXTRACTOR, *_columns(some)])


def _asked(statement: str, keys: set[Key]) -> Iterator[Any]:
    blobs = sorted({blob for blob, _ in keys})
    for start in range(0, len(blobs), AT_ONCE):
        with connection.cursor() as cursor:
            cursor.execute(statement, [blobs[start : start + AT_ONCE], EXTRACTOR])
            yield from cursor.fetchall()


def publish(repository: Repository, made: Map, job: int | None) -> SystemMap:
    """This function will make a map the current one; call it inside a transaction.

    The repository's rows become this map's and are counted before `current_map` is flipped; of the
    map before, the document stays. A map of the same commit is replaced.
    """
    shown = Repository.objects.select_for_update().filter(pk=repository.pk).first()
    if shown is None:
        raise Gone(f"Repository {repository.pk} was removed meanwhile.")
    before = (
        SystemMap.objects.filter(pk=shown.current_map_id).values_list("counts", flat=True).first()
    )
    made.counts["alarms"] = alarm.alarms(made.counts, before or {})
    same = SystemMap.objects.filter(
        repository=repository, commit=made.commit, extractor=made.extractor
    )
    pinned = same.filter(pinned=True).exists()
    same.delete()
    published = _created(repository, made, job, pinned=pinned)
    map_rows.replace(repository.pk, made)
    Repository.objects.filter(pk=repository.pk).update(
        current_map=published, failure_class="", failure_message=""
    )
    return published


def keep(repository: Repository, made: Map, job: int | None) -> SystemMap:
    """This function will keep the map of a commit beside the current one; call it inside a transaction.

    It has no rows but its own. A map of the same commit that is kept already stays.
    """
    # As `publish` does, or both could write the map of one commit.
    if Repository.objects.select_for_update().filter(pk=repository.pk).first() is None:
        raise Gone(f"Repository {repository.pk} was removed meanwhile.")
    kept = SystemMap.objects.filter(
        repository=repository, commit=made.commit, extractor=made.extractor
    ).first()
    return kept or _created(repository, made, job)


def _created(
    repository: Repository, made: Map, job: int | None, *, pinned: bool = False
) -> SystemMap:
    return SystemMap.objects.create(
        repository=repository,
        commit=made.commit,
        extractor=made.extractor,
        digest=made.digest,
        counts=made.counts,
        languages=made.languages,
        structure=made.structure,
        document=made.packed,
        job_id=job,
        pinned=pinned,
    )


def pin(rows: Iterable[SystemMap], pinned: bool, *, by: str) -> list[SystemMap]:
    """This function will pin maps, or take their pins away, and give those that it changed."""
    done = []
    for row in rows:
        with transaction.atomic():
            found = SystemMap.objects.filter(pk=row.pk, pinned=not pinned)
            if not found.update(pinned=pinned):
                continue
            events.publish(
                "map.pinned" if pinned else "map.unpinned",
                {"repository": row.repository_id, "map": row.pk, "commit": row.commit},
                scope=row.repository.project_id,
                subject=row.repository.name,
                actor=by,
            )
        done.append(row)
    return done


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def forget(days: int, keep: int) -> Iterator[tuple[str, int]]:
    """This function will remove maps nobody is shown any more, and facts of no current map.

    Of each repository the newest `keep` maps stay, whatever their age in days.
    """
    for name, statement in (("maps", _OLD_MAPS), ("facts", _OLD_FACTS)):
        gone = AT_ONCE
        while gone == AT_ONCE:
            with connection.cursor() as cursor:
                cursor.execute(
                    statement,
                    {"days": days, "keep": keep, "most": AT_ONCE, "extractor": EXTRACTOR},
                )
                gone = cursor.rowcount
            yield name, gone


def definitions(wanted: Iterable[tuple[str, str]]) -> dict[str, list[Any]]:
    """This function will give what some (path, blob) define: (kind, name, line) each."""
    keys = {path: (blob, files.reader_of(path)) for path, blob in wanted}
    with connection.cursor() as cursor:
        blobs = sorted({blob for blob, _ in keys.values()})
        cursor.execute(_DEFINITIONS, [blobs, EXTRACTOR])
        found = {(blob, key): json.loads(said) for blob, key, said in cursor.fetchall()}
    return {path: found[key] for path, key in keys.items() if key in found}


def named(text: str) -> Repository | None:
    """This function will find a repository by its id, its address, its name, or its project's slug.

    The address counts in every spelling, a name or slug only if it means a single repository.
    """
    if text.isascii() and text.isdecimal():
        return Repository.objects.filter(pk=int(text)).first() if len(text) < 19 else None
    if "\0" in text:
        return None
    by_word = (Repository.objects.filter(**{word: text}) for word in ("name", "project__slug"))
    for meant in (_at(text), *by_word):
        found = meant[:2]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _at(text: str) -> QuerySet[Repository]:
    try:
        return Repository.objects.at(addresses.parse(text))
    except addresses.Refused:
        return Repository.objects.filter(address=text)


def unknown(text: str) -> str:
    """This function will say that no single repository is meant, and how to name one."""
    return f"{text[:200]!a} names no repository, or several; use its id or its whole address"


def at(repository: Repository, commit: str) -> SystemMap | None:
    """This function will give the stored map of a commit, abbreviated or not; '' is the current."""
    if not commit:
        return repository.current_map
    if not re.fullmatch("[0-9a-f]{4,64}", commit):
        return None
    found = SystemMap.objects.filter(
        repository=repository, commit__startswith=commit, extractor=EXTRACTOR
    )
    return found[0] if len(found) == 1 else None
