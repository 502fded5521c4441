"""What of the ledger a page can watch: a row, a job's page, and the list a page shows."""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import CharField, Count, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.template.loader import render_to_string

from jobs import board, dependencies, detail, ports
from jobs.models import Artefact, Dependency, Job, LateReport, LogChunk
from jobs.states import State

_ROW = (
    "pk",
    "shown",
    "fence",
    "updated_at",
    "progress__updated_at",
    "run_after",
)
_LIST_KEY = re.compile(r"(?P<user>\d{1,18}):(?P<state>[a-z]*):(?P<kind>[\w.-]*)")


def register() -> None:
    """This function will make the ledger's topics known."""
    ports.topics.register(ports.Topic("job", allowed, row_fingerprints, render_rows))
    ports.topics.register(ports.Topic("jobpage", allowed, page_fingerprints, render_pages))
    ports.topics.register(
        ports.Topic("jobs", allowed_lists, list_fingerprints, render_lists, unhurried=True)
    )


def numbers(keys: Iterable[str]) -> set[int]:
    """This function will keep the keys that can be ids."""
    return {int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) < 19}


def allowed(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the jobs `user` may see."""
    jobs = Job.objects.visible_to(user).filter(pk__in=numbers(keys))
    return {str(pk) for pk in jobs.values_list("pk", flat=True)}


def row_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell what rows show, in short."""
    jobs = board.shown(Job.objects.filter(pk__in=numbers(keys)))
    return _told(jobs.values_list(*_ROW))


def render_rows(keys: Collection[str]) -> dict[str, str]:
    """This function will render rows as the pages do."""
    jobs = board.labelled(board.shown(Job.objects.filter(pk__in=numbers(keys))))
    return {str(job.pk): render_to_string("jobs/_row.html", {"job": job}) for job in jobs}


def page_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell what jobs' pages show, in short."""
    newest = LogChunk.objects.filter(job=OuterRef("pk")).order_by("-fence", "-seq").values("pk")
    left = Artefact.objects.filter(job=OuterRef("pk")).order_by("-created_at").values("created_at")
    late = LateReport.objects.filter(job=OuterRef("pk")).order_by("-pk").values("pk")
    jobs = board.shown(Job.objects.filter(pk__in=numbers(keys))).annotate(
        chunk=Subquery(newest[:1]), left=Subquery(left[:1]), late=Subquery(late[:1])
    )
    told = _told(jobs.values_list(*_ROW, "chunk", "left", "late"))
    tied = _tied(numbers(told))
    return {key: board.fingerprint(text, *tied[int(key)]) for key, text in told.items()}


def _tied(jobs: Collection[int]) -> dict[int, list[Any]]:
    """When those moved last that jobs wait for, and that wait for them, and how many are lost:

    pages show their states, and who becomes lost does not move.
    """
    found: dict[int, list[Any]] = {job: [] for job in jobs}
    lost = Job.objects.lost().values("pk")
    for own, other in (("child", "parent"), ("parent", "child")):
        edges = Dependency.objects.filter(**{f"{own}__in": found}).order_by()
        silent = Count("pk", filter=Q(**{f"{other}__in": lost}))
        last = edges.values_list(own).annotate(
            Count("pk"), Max(f"{other}__updated_at"), silent=silent
        )
        for job, *moved in last:
            found[job] += [own, *moved]
    return found


def _told(rows: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    """Each row in short; one that is blocked shows what it waits for, which moves without it."""
    listed = list(rows)
    blocked = [row[0] for row in listed if row[1] == State.BLOCKED]
    obstacles = dependencies.obstacles(blocked) if blocked else {}
    return {str(row[0]): board.fingerprint(*row, obstacles.get(row[0])) for row in listed}


def render_pages(keys: Collection[str]) -> dict[str, str]:
    """This function will render the live part of jobs' pages."""
    jobs = detail.of(numbers(keys))
    return {str(job.pk): render_to_string("jobs/_detail.html", {"job": job}) for job in jobs}


def list_key(user: Any, chosen: board.Filter) -> str:
    """This function will name the first page of a list as one user sees it."""
    return f"{user.pk}:{chosen.state}:{chosen.kind}"


def own_keys(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the keys that begin with the user's own id."""
    return {key for key in keys if key.partition(":")[0] == str(user.pk)}


def allowed_lists(user: Any, keys: Collection[str]) -> set[str]:
    """This function will keep the lists that are the user's own."""
    return {key for key in own_keys(user, keys) if _LIST_KEY.fullmatch(key)}


def list_fingerprints(keys: Collection[str]) -> dict[str, str]:
    """This function will tell which rows the lists hold."""
    return lists(keys, _list_of, board.PAGE)


def render_lists(keys: Collection[str]) -> dict[str, str]:
    """This function will render the notice that collects new rows of a list."""
    return {key: render_news(f"jobs:{key}", rows) for key, rows in list_fingerprints(keys).items()}


def render_news(topic: str, rows: str) -> str:
    """This function will render the place where a page says how many new rows there are."""
    return render_to_string("_news.html", {"topic": topic, "rows": rows})


def rows_of(jobs: Iterable[Job]) -> str:
    """This function will name the topics of some rows, as `data-rows` holds them."""
    return " ".join(f"job:{job.pk}" for job in jobs)


def lists(
    keys: Collection[str], query: Callable[[Any, str], "QuerySet[Any]"], limit: int
) -> dict[str, str]:
    """This function will read the members of one list for each key, all in one query.

    `query` gives the members for a user and a key, each annotated with its topic as `row`.
    """
    owners = numbers(key.partition(":")[0] for key in keys)
    users = get_user_model().objects.filter(is_active=True).in_bulk(owners)
    found: dict[str, list[str]] = {}
    parts: list[QuerySet[Any]] = []
    for key in keys:
        user = users.get(int(key.partition(":")[0]))
        if user is not None:
            found[key] = []
            named = query(user, key).annotate(key=Value(key, output_field=CharField()))
            parts.append(named.values_list("key", "row")[:limit])
    for key, row in parts[0].union(*parts[1:], all=True) if parts else ():
        found[key].append(row)
    return {key: " ".join(rows) for key, rows in found.items()}


def as_rows(jobs: "QuerySet[Job]") -> "QuerySet[Job]":
    """This function will add each job's topic as `row`."""
    number = Cast("pk", CharField())
    return jobs.annotate(row=Concat(Value("job:"), number, output_field=CharField()))


def _list_of(user: Any, key: str) -> "QuerySet[Job]":
    parts = _LIST_KEY.fullmatch(key)
    chosen = board.Filter(parts["state"], parts["kind"]) if parts else board.Filter()
    return as_rows(chosen.of(Job.objects.visible_to(user))).order_by("-pk")
