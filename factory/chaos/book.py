"""What was asked of the installation, and what it answered: the side of the story that cannot lie."""

from dataclasses import dataclass, field


@dataclass
class Book:
    """Orders by their token, which is the subject of each job they made.

    `accepted`: the ids that were confirmed. `maybe`: how many jobs an order would have made whose
    answer was lost with the connection. `undone`: taken back in the same transaction. `cancelled`:
    jobs that were told to be cancelled, and not retried since. `schedules`: names with one tick. `ended`:
    jobs that were finished when retention took them.
    """

    accepted: dict[str, list[int]] = field(default_factory=dict)
    maybe: dict[str, int] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    cancelled: set[int] = field(default_factory=set)
    schedules: list[str] = field(default_factory=list)
    ended: set[int] = field(default_factory=set)

    @property
    def ids(self) -> list[int]:
        """Every job that was confirmed, in the order of the orders."""
        return [job for made in self.accepted.values() for job in made]


@dataclass
class Struck:
    """A strike that took place: when by the wall clock, whom it met, what the log held before.

    `job` was in the runner's hands for this. `doubled` are jobs whose runner was declared dead while it
    lives: what it does until it hears of that is no promise to anybody.
    """

    fault: str
    at: float
    whom: str
    log_from: int
    job: int | None = None
    doubled: list[int] = field(default_factory=list)
