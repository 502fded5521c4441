"""The rows of the ledger."""

from jobs.models.artefact import Artefact, BadArtefact
from jobs.models.event import Event
from jobs.models.job import Attempt, Job, LegalMove, LogChunk, Move, Progress, Refused, Stale
from jobs.models.runner import Queue, Runner

__all__ = [
    "Artefact",
    "Attempt",
    "BadArtefact",
    "Event",
    "Job",
    "LegalMove",
    "LogChunk",
    "Move",
    "Progress",
    "Queue",
    "Refused",
    "Runner",
    "Stale",
]
