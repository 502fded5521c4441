"""Why jobs fail, and what that means for another attempt."""

import random
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import TextChoices


class FailureClass(TextChoices):
    """The kinds of failure; `POLICY` says which are tried again."""

    TRANSIENT_NETWORK = "transient-network"
    RATE_LIMITED = "rate-limited"
    AUTH = "auth"
    NOT_FOUND = "not-found"
    INVALID_INPUT = "invalid-input"
    RESOURCE_EXHAUSTED = "resource-exhausted"
    TIMEOUT = "timeout"
    WORKER_LOST = "worker-lost"
    BUG = "bug"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Failed:
    """This result, returned or made by a handler, will end the attempt as not successful."""

    failure_class: FailureClass
    message: str


class Anticipated(Exception):
    """A failure somebody thought of: its text is the sentence people read."""

    failure_class = FailureClass.UNKNOWN


MOST_PAUSE_S = 86_400.0
"""Whoever asks for a longer pause gets this one, in seconds."""
USUAL_PAUSE_S = 60.0


class RateLimited(Anticipated):
    """Somebody asked us to come back later: the job is paused and resumes itself.

    `retry_after` is in seconds: at least 1, at most `MOST_PAUSE_S`; what is no number counts as
    `USUAL_PAUSE_S`. It costs an attempt unless a checkpoint was made since the job was claimed; from
    the 30,000th on it always does.
    """

    failure_class = FailureClass.RATE_LIMITED

    def __init__(self, retry_after: float = USUAL_PAUSE_S) -> None:
        try:
            wanted = float(retry_after)
        except (TypeError, ValueError):
            wanted = USUAL_PAUSE_S
        self.retry_after = (
            USUAL_PAUSE_S if wanted != wanted else min(max(wanted, 1.0), MOST_PAUSE_S)
        )
        super().__init__(f"Rate limit exceeded (retry after {self.retry_after:.0f}s)")


@dataclass(frozen=True)
class Policy:
    """How one class of failure is tried again: first delay and ceiling in seconds."""

    first_s: float
    ceiling_s: float


POLICY: dict[FailureClass, Policy] = {
    FailureClass.TRANSIENT_NETWORK: Policy(2, 300),
    FailureClass.RATE_LIMITED: Policy(30, 3600),
    FailureClass.TIMEOUT: Policy(10, 600),
    FailureClass.WORKER_LOST: Policy(0, 0),
    FailureClass.UNKNOWN: Policy(5, 300),
}
"""Classes that are absent are never tried again: trying would give the same answer."""


def failure_of(error: BaseException) -> Failed:
    """This function will name the class and the sentence of an exception a handler raised."""
    if isinstance(error, Anticipated):
        return Failed(error.failure_class, str(error) or type(error).__name__)
    # The bare class is what a server that went away at once leaves behind; see `jobs.db`.
    if isinstance(error, InterfaceError | OperationalError) or type(error) is DatabaseError:
        return Failed(FailureClass.TRANSIENT_NETWORK, f"The database did not answer: {error}")
    if isinstance(error, MemoryError):
        return Failed(FailureClass.RESOURCE_EXHAUSTED, "The job ran out of memory.")
    return Failed(FailureClass.BUG, f"{type(error).__name__}: {error}")


def retry_delay(
    failure_class: str, attempt: int, *, rng: random.Random | None = None
) -> float | None:
    """This function will give the seconds to wait before the attempt after `attempt`.

    None means never. Exponential back-off with full jitter (AWS Architecture Blog,
    "Exponential Backoff And Jitter", 2015).
    """
    policy = POLICY.get(FailureClass(failure_class))
    if policy is None:
        return None
    ceiling = min(policy.ceiling_s, policy.first_s * 2 ** (attempt - 1))
    return (rng or random).uniform(0, ceiling)
