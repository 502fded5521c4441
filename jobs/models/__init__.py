"""The rows of the ledger."""

from jobs.models.artefact import Artefact, BadArtefact
from jobs.models.event import Event
from jobs.models.job import Attempt, Job, LegalMove, LogChunk, Move, Refused, Stale
from jobs.models.progress import LateReport, Progress
from jobs.models.runner import Queue, Runner
from jobs.models.schedule import CatchUp, JobDay, Schedule, Tick

__all__ = [
    "Artefact",
    "Attempt",
    "BadArtefact",
    "CatchUp",
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
]
