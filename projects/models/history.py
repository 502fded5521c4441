"""What the commits of a repository say of its files, and its rows."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from projects.models.project import seen_by
from projects.models.repository import Repository


class HistoryQuerySet(models.QuerySet["History"]):
    """Questions about histories."""

    def visible_to(self, user: Any) -> "HistoryQuerySet":
        """This method will keep the histories of the projects a user may see."""
        return seen_by(self, user, "repository__project")


class HistoryState(models.TextChoices):
    """How much of a history is known; follows from its fields."""

    NAMES = "names", "Names: who changed which files when; lines are being counted, or cannot be"
    COMPLETE = "complete", "Complete: every commit that is no merge, with its lines"
    INCOMPLETE = "incomplete", "Incomplete: commits are missing; the reason says why"


class History(models.Model):
    """What the commits up to one say. Its rows change with it, in one transaction."""

    repository = models.OneToOneField(
        Repository, on_delete=models.CASCADE, related_name="history", help_text="Whose it is."
    )
    commit = models.CharField(max_length=64, help_text="The newest commit that is counted.")
    reader = models.CharField(
        max_length=20, help_text="The version of the rules it was counted by."
    )
    mailmap = models.CharField(
        max_length=64, blank=True, help_text="The content of its .mailmap; empty when it has none."
    )
    until = models.DateField(
        help_text="The month of that commit: what is recent is before its end."
    )
    commits = models.IntegerField(help_text="Commits that are counted; merges are not.")
    with_lines = models.BooleanField(help_text="Whether lines are counted, or only commits.")
    no_lines = models.TextField(blank=True, help_text="Why lines were not counted; else empty.")
    missing = models.TextField(blank=True, help_text="Why commits are missing; empty if none is.")
    unnamed = models.IntegerField(help_text="Changes of files whose names are too long to show.")
    coupled = models.IntegerField(help_text="The newest commits that were searched for pairs.")
    built_at = models.DateTimeField(db_default=Now(), help_text="When it was published.")
    job = models.ForeignKey(
        "jobs.Job",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The job that read it.",
    )

    objects = HistoryQuerySet.as_manager()

    class Meta:
        db_table = "history"
        verbose_name_plural = "histories"
        constraints = [
            models.CheckConstraint(
                condition=Q(commit__regex=r"^([0-9a-f]{40}|[0-9a-f]{64})$"),
                name="history_has_a_commit",
            ),
            models.CheckConstraint(
                condition=Q(with_lines=False) | Q(no_lines=""), name="history_has_lines_or_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"history up to {self.commit[:12]}"

    @property
    def state(self) -> HistoryState:
        """How much of it is known."""
        if self.missing:
            return HistoryState.INCOMPLETE
        return HistoryState.COMPLETE if self.with_lines else HistoryState.NAMES

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be found out about its commits."""
        return self.with_lines or bool(self.no_lines)


class HistoryAuthor(models.Model):
    """An author as `.mailmap` names them. One person may have several addresses, so several rows."""

    history = models.ForeignKey(
        History, on_delete=models.CASCADE, related_name="authors", help_text="The history."
    )
    name = models.CharField(max_length=200, blank=True, help_text="As the commits say.")
    email = models.CharField(max_length=200, blank=True, help_text="As the commits say.")
    bot = models.BooleanField(help_text="A machine, whose commits count for nobody.")
    commits = models.IntegerField(help_text="Commits that are no merges.")

    class Meta:
        db_table = "history_author"
        constraints = [
            models.UniqueConstraint(fields=["history", "name", "email"], name="author_is_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class HistoryFile(models.Model):
    """What people did to one path, whether it still exists or not; machines are left out."""

    history = models.ForeignKey(
        History, on_delete=models.CASCADE, related_name="files", help_text="The history."
    )
    path = models.TextField(help_text="As maps show it.")
    commits = models.IntegerField(db_default=0, help_text="Commits that changed it.")
    recent = models.IntegerField(db_default=0, help_text="Of them, in the newest twelve months.")
    before = models.IntegerField(db_default=0, help_text="In the twelve months before those.")
    authors = models.IntegerField(db_default=0, help_text="People who changed it, by their names.")
    top_author = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Who changed it in most commits."
    )
    top_commits = models.IntegerField(db_default=0, help_text="In how many.")
    added = models.BigIntegerField(db_default=0, help_text="Lines added.")
    deleted = models.BigIntegerField(db_default=0, help_text="Lines deleted.")
    first = models.DateField(null=True, blank=True, help_text="The month of its first change.")
    last = models.DateField(null=True, blank=True, help_text="The month of its newest change.")

    class Meta:
        db_table = "history_file"
        constraints = [
            models.UniqueConstraint(fields=["history", "path"], name="history_file_is_unique"),
        ]

    def __str__(self) -> str:
        return self.path


class FileChurn(models.Model):
    """What one author did to one file in one month; machines too."""

    # Without constraints of the database, which take longer than all the rest: its rows are written
    # from those of both tables in one statement, and go before them.
    pk = models.CompositePrimaryKey("file", "author", "month")
    file = models.ForeignKey(
        HistoryFile,
        on_delete=models.CASCADE,
        related_name="churn",
        db_constraint=False,
        db_index=False,  # the key begins with it
        help_text="The file.",
    )
    author = models.ForeignKey(
        HistoryAuthor,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The author.",
    )
    month = models.DateField(help_text="The month's first day, by the author's clock, in UTC.")
    commits = models.IntegerField(help_text="Commits that changed it.")
    added = models.BigIntegerField(help_text="Lines added.")
    deleted = models.BigIntegerField(help_text="Lines deleted.")

    class Meta:
        db_table = "file_churn"
        constraints = [
            models.CheckConstraint(
                condition=Q(commits__gt=0, added__gte=0, deleted__gte=0),
                name="churn_is_counted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author_id} on {self.file_id} in {self.month:%Y-%m}"


class Coupling(models.Model):
    """Two files that change in the same commits, among the newest of them."""

    history = models.ForeignKey(
        History, on_delete=models.CASCADE, related_name="couplings", help_text="The history."
    )
    one = models.ForeignKey(
        HistoryFile, on_delete=models.CASCADE, related_name="+", help_text="The first, by path."
    )
    other = models.ForeignKey(
        HistoryFile, on_delete=models.CASCADE, related_name="+", help_text="The second."
    )
    together = models.IntegerField(help_text="Commits that changed both.")
    of_one = models.IntegerField(help_text="Commits that changed the first.")
    of_other = models.IntegerField(help_text="Commits that changed the second.")

    class Meta:
        db_table = "coupling"
        constraints = [
            models.UniqueConstraint(fields=["history", "one", "other"], name="coupling_is_unique"),
            models.CheckConstraint(
                condition=~Q(one=F("other"))
                & Q(together__gt=0, of_one__gte=F("together"), of_other__gte=F("together")),
                name="coupling_is_within_both",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one} and {self.other}"
