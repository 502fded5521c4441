"""The rows of the ledger."""

from jobs.models.artefact import Artefact, BadArtefact
from jobs.models.event import Delivery, Event
from jobs.models.job import Attempt, Job, LegalMove, LogChunk, Move, Refused, Stale
from jobs.models.progress import LateReport, Progress
from jobs.models.runner import Queue, Runner
from jobs.models.schedule import CatchUp, JobDay, Schedule, Tick
from jobs.models.verification import Verification

__all__ = [
    "Artefact",
    "Attempt",
    "BadArtefact",
    "CatchUp",
    "Delivery",
    "Event",
    "Job",
    "JobDay",
    "LateReport",
    "LegalMove",
    "LogChunk",
    "Move",
    "Progress",
    "Queue",
    "Refused",
    "Runner",
    "Schedule",
    "Stale",
    "Tick",
    "Verification",
]
