"""Why a handler must stop before it is done. `except Exception` does not keep it going."""

from jobs.failures import FailureClass


class Interruption(BaseException):
    """The handler must stop, whatever it is doing."""

    failure_class = FailureClass.UNKNOWN


class TimedOut(Interruption):
    """The handler took longer than its kind allows, or gave no sign of life."""

    failure_class = FailureClass.TIMEOUT


class Dispossessed(Interruption):
    """The runner was declared dead, or another holds the job."""

    failure_class = FailureClass.WORKER_LOST


class Exhausted(Interruption):
    """The job holds more memory than its kind allows."""

    failure_class = FailureClass.RESOURCE_EXHAUSTED


class Withdrawn(Interruption):
    """The cluster ends before the handler does: the job goes back, its attempt not counted."""


class Cancelled(Interruption):
    """Somebody cancelled the job: nothing of it happens any more."""


class Paused(Interruption):
    """Somebody paused the job, and it reached a checkpoint: it goes on from there later."""
