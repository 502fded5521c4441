"""Repositories: where the code is, and how well we know it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, Now

from jobs import plain, redaction
from jobs.failures import POLICY, Anticipated, FailureClass
from jobs.models import Job
from jobs.states import HELD, LIVE, State
from projects.addresses import Address
from projects.mapping import EXTRACTOR
from projects.mapping.history import READER
from projects.models.project import Project, seen_by
from projects.secrets import Sealed, SealedField, seal

_LONGEST_SENTENCE = 2000


class Gone(Anticipated):
    """The repository was removed while a job worked on it."""

    failure_class = FailureClass.NOT_FOUND


_UNREACHED = frozenset(
    {
        FailureClass.TRANSIENT_NETWORK,
        FailureClass.RATE_LIMITED,
        FailureClass.AUTH,
        FailureClass.NOT_FOUND,
    }
)
"""How it fails where the source of a repository is not reached, or does not let us in. Not a timeout:

the mapping of what was fetched may take too long as well.
"""


class MapStatus(models.TextChoices):
    """How well we know a repository; computed from its jobs and its map, never stored."""

    NONE = "none", "None: no map was made yet and no job is on its way"
    QUEUED = "queued", "Queued: a job waits for a runner"
    RUNNING = "running", "Running: a job is cloning or mapping"
    READY = "ready", "Ready: the map shows the newest commit we fetched"
    STALE = "stale", "Stale: the map shows an older commit, or was made by an older extractor"
    FAILED = "failed", "Failed: the last job failed; its sentence says why"


_OWN = Q(
    limit_key=Concat(Value("repository:"), Cast(OuterRef("pk"), models.TextField())),
    scope=OuterRef("project_id"),
)
# A job of `one`, a repository: its own, or one that brings several, until that has brought this one.
# Above '': only so the planner sees that `job_of_key` holds it.
_ITS = """job.scope = one.project AND (
        job.limit_key > '' AND job.limit_key = 'repository:' || one.id
        OR job.kind = 'projects.register_many' AND job.arguments -> 'repositories' @> to_jsonb(one.id)
        AND (job.started_at IS NULL OR job.started_at >= one.since))"""
_LIVE, _HELD = (f"job.state IN {tuple(map(str, states))}" for states in (LIVE, HELD))


class _HasJob(Func):
    """Whether a job of a repository waits or works: of its id, its project, and since when."""

    output_field = models.BooleanField()
    template = f"""EXISTS (SELECT FROM job, (SELECT %(expressions)s) AS one (id, project, since)
        WHERE {_ITS} AND {_LIVE})"""


class _Known(Func):
    """How well a repository is known, and how its newest job failed: one look at its jobs for both.

    Not by "id" itself for the newest: the planner would look for it among all jobs.
    """

    output_field = models.JSONField()
    template = f"""(SELECT jsonb_build_object('kind', ended.kind, 'sentence', ended.sentence, 'word', CASE
        WHEN live.held THEN '{MapStatus.RUNNING}'
        WHEN NOT live.held THEN '{MapStatus.QUEUED}'
        WHEN ended.kind IS NOT NULL OR failure_class <> '' THEN '{MapStatus.FAILED}'
        WHEN map IS NULL THEN '{MapStatus.NONE}'
        WHEN (shown, extractor) IS DISTINCT FROM (head, ours) THEN '{MapStatus.STALE}'
        ELSE '{MapStatus.READY}' END)
        FROM (SELECT %(expressions)s OFFSET 0)
            AS one (id, project, since, failure_class, head, map, shown, extractor, ours)
        LEFT JOIN LATERAL (SELECT {_HELD} AS held FROM job WHERE {_ITS} AND {_LIVE}
            ORDER BY held DESC LIMIT 1) AS live ON true
        LEFT JOIN LATERAL (SELECT CASE WHEN job.state = '{State.FAILED}'
                THEN job.failure_class END AS kind, job.failure_message AS sentence
            FROM job WHERE {_ITS} AND NOT {_LIVE}
            ORDER BY job.id + 0 DESC LIMIT 1) AS ended ON true)"""  # noqa: S608 — words of ours


_ITSELF = (F("pk"), F("project_id"), Coalesce("synced_at", "created_at"))


class RepositoryQuerySet(models.QuerySet["Repository"]):
    """Questions about repositories."""

    def visible_to(self, user: Any) -> "RepositoryQuerySet":
        """This method will keep the repositories of the projects a user may see."""
        return seen_by(self, user)

    def at(self, address: Address) -> "RepositoryQuerySet":
        """This method will keep what an address names, however it was spelt; exact ones first."""
        look = "iexact" if address.any_case else "exact"
        meant = Q(pk__in=[])
        for spelling in address.spellings:
            meant |= Q(**{f"address__{look}": spelling})
        exact = Case(When(address=str(address), then=0), default=1)
        return self.filter(meant).order_by(exact, "pk")

    def neglected(self, age: timedelta) -> "RepositoryQuerySet":
        """This method will keep what was not fetched for so long, and may be with success.

        Not what a person must mend first, what is put away, or what had a job within that time.
        """
        since = Now() - age
        tried = Job.objects.filter(_OWN, created_at__gt=since)
        return self.filter(
            Q(synced_at__lt=since) | Q(synced_at=None, created_at__lt=since),
            ~Exists(tried),
            project__archived_at=None,
            failure_class__in=("", *POLICY),
        )

    def behind(self, age: timedelta) -> "RepositoryQuerySet":
        """This method will keep what has no history up to its newest commit, by today's rules.

        Not what is put away, what has a job for it, or had one within that time.
        """
        tried = Job.objects.filter(
            Q(state__in=LIVE) | Q(created_at__gt=Now() - age),
            scope=OuterRef("project_id"),
            limit_key=Concat(Value("history:"), Cast(OuterRef("pk"), models.TextField())),
        )
        return self.filter(
            Q(history=None) | ~Q(history__commit=F("head_commit")) | ~Q(history__reader=READER),
            ~Exists(tried),
            project__archived_at=None,
        ).exclude(head_commit="")

    def unwell(self) -> "RepositoryQuerySet":
        """This method will keep what could not be fetched, and what has a map that is old.

        Told by the row and its map alone: whether a job mends it just now is not asked.
        """
        old = ~Q(current_map__commit=F("head_commit")) | ~Q(current_map__extractor=EXTRACTOR)
        return self.filter(Q(current_map__isnull=False) & old | ~Q(failure_class=""))

    def unattended(self) -> "RepositoryQuerySet":
        """This method will keep what no job of its own, or of several, works on or waits for."""
        return self.filter(~Q(_HasJob(*_ITSELF)))

    def with_map_status(self) -> "RepositoryQuerySet":
        """This method will compute `map_status` for each, in the same query."""
        own = ("failure_class", "head_commit", "current_map")
        shown = ("current_map__commit", "current_map__extractor")
        known = _Known(*_ITSELF, *own, *shown, Value(EXTRACTOR))
        return self.annotate(known=known)  # type: ignore[no-redef]  # set by its property


class Repository(models.Model):
    """One git repository of a project."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="repositories", help_text="Whose it is."
    )
    address = models.CharField(
        max_length=2000, help_text="Where it is fetched from, in canonical form."
    )
    name = models.CharField(max_length=200, help_text="The last part of its address.")
    branch = models.CharField(
        max_length=200, blank=True, help_text="The branch that is mapped; empty means its own."
    )
    token = SealedField(
        blank=True, default="", help_text="Opens a private https repository; stored encrypted."
    )
    ssh_key = SealedField(
        blank=True, default="", help_text="Opens a private ssh repository; stored encrypted."
    )
    ssh_public = models.TextField(
        blank=True, db_default="", help_text="The key's public half: what its host must know."
    )
    current_map = models.ForeignKey(
        "SystemMap",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The map that is shown; flipped only when the next one is whole.",
    )
    head_commit = models.CharField(
        max_length=64, blank=True, db_default="", help_text="The newest commit we fetched."
    )
    synced_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was last fetched with success."
    )
    failure_class = models.CharField(
        max_length=20,
        blank=True,
        db_default="",
        choices=FailureClass.choices,
        help_text="Why the last clone or map failed; empty after a success.",
    )
    failure_message = models.TextField(
        blank=True, db_default="", help_text="The last failure in one sentence."
    )
    created_at = models.DateTimeField(db_default=Now(), help_text="When it was registered.")
    created_by = models.CharField(
        max_length=64, blank=True, db_default="", help_text="Who registered it, such as user:7."
    )

    map_status: str
    """How well it is known, as `with_map_status` reads it."""

    objects = RepositoryQuerySet.as_manager()

    class Meta:
        db_table = "repository"
        verbose_name_plural = "repositories"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "address"], name="repository_is_unique_in_its_project"
            ),
            models.CheckConstraint(condition=~Q(address=""), name="repository_has_an_address"),
            models.CheckConstraint(
                condition=Q(head_commit="", synced_at__isnull=True)
                | Q(head_commit__regex=r"^([0-9a-f]{40}|[0-9a-f]{64})$", synced_at__isnull=False),
                name="repository_is_synced_exactly_with_a_commit",
            ),
            models.CheckConstraint(
                condition=Q(failure_class="", failure_message="")
                | (Q(failure_class__in=FailureClass.values) & ~Q(failure_message="")),
                name="repository_failure_has_a_class_and_a_sentence",
            ),
            models.CheckConstraint(
                condition=Q(current_map__isnull=True) | ~Q(head_commit=""),
                name="repository_with_a_map_was_synced",
            ),
            models.CheckConstraint(
                condition=Q(ssh_key="", ssh_public="") | (~Q(ssh_key="") & ~Q(ssh_public="")),
                name="repository_key_has_both_halves",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def keep_key(self, private_key: str) -> None:
        """This method will keep an ssh key in place of an earlier one; raises `ssh_keys.BadKey`."""
        from projects import ssh_keys  # cryptography, which few commands need

        self.ssh_key = Sealed(seal(ssh_keys.accept(private_key)))
        self.ssh_public = ssh_keys.public(private_key)
        self.save(update_fields=["ssh_key", "ssh_public"])

    def record_sync(self, commit: str, branch: str | None = None) -> None:
        """This method will note the newest commit and forget an earlier failure.

        `branch` is what was asked for instead of the stored one: it is stored now that it is here.
        Raises Gone when the repository was removed meanwhile.
        """
        changed = {} if branch is None else {"branch": branch}
        noted = Repository.objects.filter(pk=self.pk).update(
            head_commit=commit, synced_at=Now(), failure_class="", failure_message="", **changed
        )
        if not noted:
            raise Gone(f"Repository {self.pk} was removed meanwhile.")

    def record_failure(self, error: Anticipated) -> None:
        """This method will note why a clone or map failed; what was known before stays."""
        sentence = plain.printable(redaction.redact(str(error) or type(error).__name__))
        Repository.objects.filter(pk=self.pk).update(
            failure_class=error.failure_class, failure_message=sentence[:_LONGEST_SENTENCE]
        )

    def shows(self, commit: str) -> bool:
        """This method will say whether the current map is of that commit, by today's extractor."""
        made = self.current_map
        return made is not None and (made.commit, made.extractor) == (commit, EXTRACTOR)

    @property
    def known(self) -> dict[str, str]:
        """What `with_map_status` reads: the word, and how the newest job failed, if it did."""
        return self._known

    @known.setter
    def known(self, found: dict[str, str]) -> None:
        """A job that was lost or broke off noted nothing: its own sentence is shown then."""
        self._known, self.map_status = found, found["word"]
        if found["kind"] and not self.failure_class:
            self.failure_class, self.failure_message = found["kind"], found["sentence"]

    @property
    def unreached(self) -> bool:
        """Whether what is newer than the last fetch cannot be known: its source lets nobody in."""
        return self.synced_at is not None and self.failure_class in _UNREACHED

    @property
    def clone(self) -> Path:
        """Where the bare clone lies."""
        return Path(settings.FACTORY_HOME).resolve() / "repositories" / f"{self.pk}.git"

    @property
    def limit_key(self) -> str:
        """What bounds its jobs: one at a time."""
        return f"repository:{self.pk}"

    @property
    def history_key(self) -> str:
        """What bounds the jobs that read its history: one at a time, beside the others."""
        return f"history:{self.pk}"

    @property
    def past_key(self) -> str:
        """What bounds the jobs that map its older commits: one at a time; none is its status."""
        return f"past:{self.pk}"
