"""The rows the ledger cannot work without: the table of legal moves, and the queues."""

from typing import Any

from django.db import connections

from jobs.models import LegalMove, Queue
from jobs.states import BIRTHS, LEGAL

QUEUES = (
    ("short", "Quick work: bookkeeping, deliveries, checks.", 100),
    ("long", "Work of seconds to minutes: clones, maps, imports.", 1),
)


def lay(using: str, **_: Any) -> None:
    """This function will write the rows that are missing and remove moves no longer legal.

    After every `migrate`, and after `flush`, which takes them away: no job could begin without.
    """
    if LegalMove._meta.db_table not in connections[using].introspection.table_names():
        return  # migrated back to nothing
    pairs = {("", str(new)) for new in BIRTHS} | {(str(old), str(new)) for old, new in LEGAL}
    moves = LegalMove.objects.using(using)
    found = {(move.from_state, move.to_state): move.pk for move in moves.all()}
    moves.filter(pk__in=[pk for pair, pk in found.items() if pair not in pairs]).delete()
    moves.bulk_create(
        (LegalMove(from_state=old, to_state=new) for old, new in sorted(pairs - set(found))),
        ignore_conflicts=True,
    )
    Queue.objects.using(using).bulk_create(
        (Queue(name=name, description=text, batch=batch) for name, text, batch in QUEUES),
        ignore_conflicts=True,
    )
