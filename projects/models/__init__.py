"""What we know: projects, who works on them and what they plan, their repositories and maps."""

from projects.models.artefact import Content, ProjectArtefact
from projects.models.history import (
    Coupling,
    FileChurn,
    History,
    HistoryAuthor,
    HistoryFile,
    HistoryState,
)
from projects.models.invitation import Invitation
from projects.models.plan import (
    Blocker,
    Idea,
    IdeaState,
    Item,
    ItemKind,
    PlanChange,
    Priority,
    Spec,
    SpecState,
    Task,
    TaskState,
)
from projects.models.project import Archived, Membership, OwnScopes, Project, Role, Stage
from projects.models.repository import MapStatus, Repository
from projects.models.system_map import BlobFacts, Edge, MapNode, Node, SystemMap

__all__ = [
    "Archived",
    "BlobFacts",
    "Blocker",
    "Content",
    "Coupling",
    "Edge",
    "FileChurn",
    "History",
    "HistoryAuthor",
    "HistoryFile",
    "HistoryState",
    "Idea",
    "IdeaState",
    "Invitation",
    "Item",
    "ItemKind",
    "MapNode",
    "MapStatus",
    "Membership",
    "Node",
    "OwnScopes",
    "PlanChange",
    "Priority",
    "Project",
    "ProjectArtefact",
    "Repository",
    "Role",
    "Spec",
    "SpecState",
    "Stage",
    "SystemMap",
    "Task",
    "TaskState",
]
