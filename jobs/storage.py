"""How well the database keeps our tables: dead rows, bloat, and who holds them back."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps

from jobs import db
from jobs.ledger import statement

BLOATED_BYTES = 16 << 20
BLOATED_TIMES = 4
"""An index is worth rebuilding above so many bytes, and so many times what its entries need."""
DEAD_ROWS = 50_000
DEAD_SHARE = 0.4
"""A table is worth a word above so many dead rows, and such a share of all."""
LONG_S = 300.0
"""A transaction that lasts longer than this keeps dead rows where they are."""
WRAPAROUND = 2_000_000_000
WRAPAROUND_SHARE = 0.5


@dataclass(frozen=True)
class Index:
    """One index: its bytes, about how many its entries need, and whether it is used at all."""

    name: str
    table: str
    bytes: int
    needed: int
    valid: bool

    @property
    def bloated(self) -> bool:
        """Whether a rebuilt one would be much smaller."""
        return self.bytes > BLOATED_BYTES and self.bytes > BLOATED_TIMES * self.needed


@dataclass(frozen=True)
class Table:
    """One table with its indexes: bytes, live and dead rows, and what changed since it was analyzed."""

    name: str
    bytes: int
    live: int
    dead: int
    changed: int

    @property
    def neglected(self) -> bool:
        """Whether dead rows outweigh what they should."""
        return self.dead > DEAD_ROWS and self.dead > DEAD_SHARE * (self.live + self.dead)

    @property
    def misjudged(self) -> bool:
        """Whether so much changed since it was analyzed that plans may be wrong."""
        return self.changed > 10_000 and self.changed > self.live // 2


@dataclass(frozen=True)
class Holder:
    """Who keeps dead rows from being removed: since when, and how many transactions ago."""

    name: str
    seconds: float | None
    age: int | None


def tables() -> list[Table]:
    """This function will tell of every table of the product, the largest first."""
    return [Table(*row) for row in _rows("table_health")]


def indexes() -> list[Index]:
    """This function will tell of every btree of the product's tables, the largest first."""
    return [Index(*row) for row in _rows("index_bloat")]


def holders() -> list[Holder]:
    """This function will list who holds an old snapshot of this database, the oldest first."""
    return [Holder(*row) for row in _rows("oldest_snapshot")]


def advice() -> list[str]:
    """This function will say in sentences what the database needs; nothing when all is well."""
    return [
        *(
            f"{one.name}: {one.dead} dead rows beside {one.live}; VACUUM {one.name} removes them, "
            "if nobody named here holds them."
            for one in tables()
            if one.neglected
        ),
        *(
            f"{one.name} (of {one.table}): {one.bytes >> 20} MiB where {one.needed >> 20} would do; "
            "the schedule reindex rebuilds it."
            for one in indexes()
            if one.bloated
        ),
        *(
            f"{one.name} holds a snapshot for {one.seconds:.0f} s: no dead row after it is removed; "
            "end it if nobody needs it."
            for one in holders()
            if one.seconds is not None and one.seconds > LONG_S
        ),
        *_settings(),
    ]


def _settings() -> list[str]:
    [(autovacuum, age)] = db.query(
        "SELECT current_setting('autovacuum'), age(datfrozenxid) FROM pg_database"
        " WHERE datname = current_database()"
    )
    found = []
    if autovacuum != "on":
        found.append("autovacuum is off: tables grow without end; set autovacuum = on.")
    if age > WRAPAROUND_SHARE * WRAPAROUND:
        found.append(
            f"{age} transactions are not frozen, of {WRAPAROUND} at most: VACUUM FREEZE the database."
        )
    return found


def _rows(name: str) -> list[tuple[Any, ...]]:
    ours = [model._meta.db_table for model in apps.get_models()]
    return db.query(statement(name), {"tables": ours})
