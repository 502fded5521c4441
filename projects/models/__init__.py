"""What we know: projects, who works on them, their repositories and maps."""

from projects.models.history import (
    Coupling,
    FileChurn,
    History,
    HistoryAuthor,
    HistoryFile,
    HistoryState,
)
from projects.models.invitation import Invitation
from projects.models.project import Membership, Project, Role
from projects.models.repository import MapStatus, Repository
from projects.models.system_map import BlobFacts, Edge, MapNode, Node, SystemMap

__all__ = [
    "BlobFacts",
    "Coupling",
    "Edge",
    "FileChurn",
    "History",
    "HistoryAuthor",
    "HistoryFile",
    "HistoryState",
    "Invitation",
    "MapNode",
    "MapStatus",
    "Membership",
    "Node",
    "Project",
    "Repository",
    "Role",
    "SystemMap",
]
