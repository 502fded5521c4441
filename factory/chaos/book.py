"""What was asked of the installation, and what it answered: the side of the story that cannot lie."""

import threading
from dataclasses import dataclass, field


@dataclass
class Book:
    """Orders by their token, which is the subject of each job they made.

    `accepted`: the ids that were confirmed. `maybe`: how many jobs an order would have made whose
    answer was lost with the connection. `undone`: taken back in the same transaction.
    """

    accepted: dict[str, list[int]] = field(default_factory=dict)
    maybe: dict[str, int] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    cancelled: dict[int, float] = field(default_factory=dict)
    retried: set[int] = field(default_factory=set)
    acted: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def ids(self) -> list[int]:
        """Every job that was confirmed, in the order of the orders."""
        return [job for made in self.accepted.values() for job in made]


@dataclass
class Struck:
    """A strike that took place: when by the wall clock, whom it met, what the log held before."""

    fault: str
    at: float
    whom: str
    log_from: int
    job: int | None = None
