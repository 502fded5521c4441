"""The admin of jobs: a window with the acts of the pages."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs import ages, board, controls, detail, edges, kinds, people, sieves, summary
from jobs.asking import ACTS, Question
from jobs.controls import Control
from jobs.models import Artefact, Attempt, Dependency, Job, LateReport, Move
from jobs.redaction import visible
from jobs.sieves import Span
from jobs.windows import SEARCHED, Window, WindowInline, ago


class MoveInline(WindowInline):
    """The timeline."""

    model = Move
    fields = ("at", "from_state", "to_state", "who", "why", "fence")
    readonly_fields = ("who", "why")

    @cached_property
    def _people(self) -> dict[str, str]:
        return {}

    @admin.display(description="actor")
    def who(self, move: Move) -> str:
        """This column will name who moved it."""
        return people.named(move.actor, self._names(move.actor))

    @admin.display(description="reason")
    def why(self, move: Move) -> str:
        """This column will show the reason, with signs for control characters."""
        return visible(people.told(move.reason, self._names(people.actor_in(move.reason))))

    def _names(self, actor: str) -> dict[str, str]:
        if actor not in self._people:
            # Those without an account, too: nobody asks for them again.
            self._people.update({actor: actor} | people.names_of([actor]))
        return self._people


class AttemptInline(WindowInline):
    """The ended attempts."""

    model = Attempt
    fields = (
        "number",
        "runner_id",
        "started_at",
        "ended_at",
        "outcome",
        "failure_class",
        "message",
    )


class ParentInline(WindowInline):
    """What it waits for."""

    model = Dependency
    fk_name = "child"
    fields = ("waits_for", "policy", "removal")
    readonly_fields = ("waits_for", "removal")
    verbose_name_plural = "waits for"

    @admin.display(description="job")
    def waits_for(self, edge: Dependency) -> SafeString:
        """This column will lead to the other job."""
        address = reverse("admin:jobs_job_change", args=[edge.parent_id])
        return format_html('<a href="{}">#{}</a>', address, edge.parent_id)

    @admin.display(description="act")
    def removal(self, edge: Dependency) -> SafeString | str:
        """This column will lead to the page that removes it."""
        if not edges.can_be_freed(edge.child):
            return ""
        address = reverse("jobs:releases", args=[edge.child_id, edge.parent_id])
        return format_html('<a href="{}">Remove…</a>', address)


class ArtefactInline(WindowInline):
    """What it left."""

    model = Artefact
    fields = ("file", "media_type", "size", "sha256", "created_at")
    readonly_fields = ("file",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Artefact]":
        """This method will leave the bytes where they are."""
        found: QuerySet[Artefact] = super().get_queryset(request)
        return found.defer("data")

    @admin.display(description="file")
    def file(self, artefact: Artefact) -> SafeString:
        """This column will lead to the bytes."""
        address = reverse("jobs:artefact", args=[artefact.job_id, artefact.pk])
        return format_html('<a href="{}">{}</a>', address, visible(artefact.name))


class LateInline(WindowInline):
    """The ends that were reported late."""

    model = LateReport
    fields = ("recorded_at", "fence", "runner_id", "outcome", "accepted", "found", "message")


_WORDS = sieves.one_of("state", "state", lambda: board.WORDS)


class WordFilter(_WORDS):  # type: ignore[misc,valid-type]
    """The words a job may show, `lost` among them."""

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Job]") -> "QuerySet[Job]":
        """This method will keep the jobs that show the chosen word; an unknown one is refused."""
        super().queryset(request, queryset.none())
        return board.showing(queryset, self.value()) if self.value() else queryset


class Made(Span):
    """When jobs were made: their ids tell where the span is."""

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """This method will keep the jobs of the span; what is no moment is refused."""
        since, until = (
            sieves.moment(self.given[name], name) if self.given[name] else None
            for name in self.names
        )
        return ages.among(queryset, since, until)


class LabelledList(ChangeList):
    """A page of jobs with the names of their projects, asked for once."""

    def get_results(self, request: HttpRequest) -> None:
        """This method will read the page and name the projects."""
        super().get_results(request)
        self.result_list = board.labelled(self.result_list)


def _action(control: Control) -> Callable[..., HttpResponse | None]:
    """An act of the pages as an action: a page that asks, then one statement for all."""
    question = Question(control.name, control.verb, control.consequence, control.reason)

    @admin.action(description=f"{control.verb} the selected jobs…", permissions=ACTS)
    def action(
        window: Window, request: HttpRequest, chosen: "QuerySet[Job]"
    ) -> HttpResponse | None:
        meant = Job.objects.filter(pk__in=chosen.order_by().values("pk"))
        jobs = control.among(meant.open_to(request.user, control.name))
        if request.POST.get("confirmed"):
            reason = request.POST.get("reason", "")
            outcome = control.bulk(jobs, by=f"user:{request.user.pk}", reason=reason)  # type: ignore[misc]
            level = messages.SUCCESS if outcome.done or outcome.asked else messages.WARNING
            window.message_user(request, controls.counted(control, outcome), level)
            return None
        return question.ask(window, request, jobs, unable=meant.count() - jobs.count())

    action.__name__ = control.name
    return action


@admin.register(Job)
class JobAdmin(Window):
    """A window on jobs; its acts are those of the pages."""

    list_display = ("word", "job", "about", "project", "steps", "attempt", "age", "heard")
    list_display_links = ("job",)
    list_filter = (
        WordFilter,
        sieves.by_kind(),
        "queue",
        sieves.in_project("scope"),
        ("created_at", Made),
        ("finished_at", Span),
        "failure_class",
    )
    search_fields = ("subject",)
    search_help_text = (
        f"A job's number, a whole kind, or a part of a subject among the newest {SEARCHED:,} jobs."
    )
    change_list_template = "admin/jobs/job_list.html"
    ordering = ("-pk",)
    inlines = (MoveInline, AttemptInline, ParentInline, ArtefactInline, LateInline)
    actions = tuple(_action(one) for one in controls.BULK)
    exclude = ("arguments", "result", "state", "subject", "reason", "failure_message")
    readonly_fields = (
        "word",
        "acts",
        "about",
        "why",
        "failure",
        "may_take",
        "masked_arguments",
        "masked_result",
        "project",
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Job]":
        """This method will read what the list shows, with evidence, in one query."""
        return board.shown(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Job]", search_term: str
    ) -> tuple["QuerySet[Job]", bool]:
        """This method will find a number or a kind by an index; subjects are read one by one."""
        term = search_term.strip()
        if term.isascii() and term.isdecimal() and len(term) < 19:
            return queryset.filter(pk=int(term)), False
        if term in {one.name for one in kinds.all_kinds()}:
            return queryset.filter(kind=term), False
        if term:
            newest = Job.objects.aggregate(last=Max("pk"))["last"] or 0
            queryset = queryset.filter(pk__gt=newest - SEARCHED)
        return super().get_search_results(request, queryset, search_term)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """This method will begin with what people look for: the state, the acts and the reason."""
        found = list(super().get_fields(request, obj))
        return [
            *self.readonly_fields,
            *(name for name in found if name not in self.readonly_fields),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """This method will give the list that names projects."""
        return LabelledList

    def view_on_site(self, job: Job) -> str:
        """This method will give the job's page."""
        return reverse("jobs:page", args=[job.pk])

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """This view will lead to the timeline: acts on jobs are moves, wherever they come from."""
        job = self.get_object(request, object_id)
        if job is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if not self.has_view_permission(request, job):
            raise PermissionDenied
        return HttpResponseRedirect(f"{self.change_address(job)}#moves-group")

    def words(self, row: Any) -> SafeString:
        """This method will say how a job is, on a page that asks."""
        mark = render_to_string("jobs/_mark.html", {"word": row.state})
        return format_html("{} {}", SafeString(mark), visible(row.subject))

    @admin.display(description="state")
    def word(self, job: Job) -> SafeString:
        """This column will show the state as the board does."""
        return SafeString(render_to_string("jobs/_mark.html", {"word": job.shown}))  # type: ignore[attr-defined]

    @admin.display(description="job", ordering="pk")
    def job(self, job: Job) -> str:
        """This column will name the job."""
        return f"{job.kind} #{job.pk}"

    @admin.display(description="subject")
    def about(self, job: Job) -> str:
        """This column will show the subject, with signs for control characters."""
        return visible(job.subject)

    @admin.display(description="reason")
    def why(self, job: Job) -> str:
        """This field will show the reason, with names, and signs for control characters."""
        [spoken] = board.spoken([job])
        return visible(spoken.told)  # type: ignore[attr-defined]

    @admin.display(description="failure message")
    def failure(self, job: Job) -> str:
        """This field will show the last failure, with signs for control characters."""
        return visible(job.failure_message)

    @admin.display(description="may take")
    def may_take(self, job: Job) -> str:
        """This field will say how long its kind may take."""
        return kinds.allowance(job.kind)

    @admin.display(description="last sign")
    def heard(self, job: Job) -> SafeString | str:
        """This column will show how long ago it was last heard of."""
        return ago(job.heard_at)  # type: ignore[attr-defined]

    @admin.display(description="project")
    def project(self, job: Job) -> str:
        """This column will name the project."""
        named = job if hasattr(job, "scope_label") else board.labelled([job])[0]
        return str(named.scope_label)  # type: ignore[attr-defined]

    @admin.display(description="progress")
    def steps(self, job: Job) -> str:
        """This column will show how far it got."""
        return summary.words(summary.describe(job))

    @admin.display(description="acts")
    def acts(self, job: Job) -> SafeString:
        """This field will lead to the acts that make sense in the job's state."""
        return SafeString(render_to_string("jobs/_acts.html", {"job": job}))

    @admin.display(description="arguments")
    def masked_arguments(self, job: Job) -> SafeString:
        """This field will show the arguments without secrets."""
        return format_html("<pre>{}</pre>", visible(detail.mask(job.arguments)))

    @admin.display(description="result")
    def masked_result(self, job: Job) -> SafeString:
        """This field will show the result without secrets."""
        return (
            format_html("<pre>{}</pre>", visible(detail.mask(job.result)))
            if job.result
            else SafeString("")
        )
