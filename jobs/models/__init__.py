"""The rows of the ledger."""

from jobs.models.artefact import Artefact, BadArtefact
from jobs.models.dependency import Dependency, Policy, Unjudged
from jobs.models.event import Delivery, Event
from jobs.models.history import Attempt, AttemptSum, JobDay, LegalMove, LogChunk, Move
from jobs.models.job import Job, Refused, Stale
from jobs.models.limit import BadLimit, Limit
from jobs.models.progress import LateReport, Progress
from jobs.models.runner import Intent, Queue, QueueDepth, Runner
from jobs.models.saved_view import SavedView
from jobs.models.schedule import CatchUp, Schedule, Tick
from jobs.models.sending import Sending
from jobs.models.verification import Verification

__all__ = [
    "Artefact",
    "Attempt",
    "AttemptSum",
    "BadArtefact",
    "BadLimit",
    "CatchUp",
    "Delivery",
    "Dependency",
    "Event",
    "Intent",
    "Job",
    "JobDay",
    "LateReport",
    "LegalMove",
    "Limit",
    "LogChunk",
    "Move",
    "Policy",
    "Progress",
    "Queue",
    "QueueDepth",
    "Refused",
    "Runner",
    "SavedView",
    "Schedule",
    "Sending",
    "Stale",
    "Tick",
    "Unjudged",
    "Verification",
]
