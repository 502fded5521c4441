"""Ideas and specs: those of a project, one by one, writing, editing and moving them."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from ninja.errors import HttpError

from factory import errors, plan_shapes
from factory.api.answers import ACT_ERRORS, ERRORS, api, fresh
from factory.api.callers import caller
from projects import access, plan_forms, planning
from projects.models import Idea, Project, Spec
from projects.planning import Wrong

CHANGES = 50
_ASKED = Query(...)
_OWN = ("id", "slug", "title", "state", "body", "version", "created_by", "created_at")
_CHANGE = ("at", "actor", "what", "old", "new", "reason", "details")


def _offer(word: str, model: type[Any]) -> None:
    """Lays the operations of ideas, or those of specs, which differ in their shapes alone."""
    one, some, asked, new, changed, move = plan_shapes.OF[word]
    below, place, article = f"/projects/{{int:pk}}/{word}s", f"/{word}s/{{int:pk}}", _article(word)

    def listed(request: HttpRequest, pk: int, given: asked = _ASKED) -> HttpResponse:  # type: ignore[valid-type]
        return _listed(request, pk, model, given)

    def written(request: HttpRequest, pk: int, given: new) -> HttpResponse:  # type: ignore[valid-type]
        return _written(request, pk, model, given)

    def shown(request: HttpRequest, pk: int) -> HttpResponse:
        return fresh(request, _described(_seen(caller(request, "read").user, model, pk)))

    def edited(request: HttpRequest, pk: int, given: changed) -> HttpResponse:  # type: ignore[valid-type]
        return _edited(request, pk, model, given)

    def moved(request: HttpRequest, pk: int, given: move) -> HttpResponse:  # type: ignore[valid-type]
        return _moved(request, pk, model, given)

    for operation in (listed, written, shown, edited, moved):
        operation.__name__ = f"{word}_{operation.__name__}"
    listed.__doc__ = f"The {word}s of a project that match, by id."
    written.__doc__ = "400 says what is wrong with which field."
    shown.__doc__ = "With what was done to it, and what it may become."
    edited.__doc__ = "Changes what is given. 409 when somebody edited it since the version seen."
    moved.__doc__ = "409 says what is true when it moved before, or may not move there."
    api.get(below, response={200: some, **ERRORS}, summary=f"{word.title()}s of a project")(listed)
    api.post(below, response={201: one, **ACT_ERRORS}, summary=f"Write {article} down")(written)
    api.get(place, response={200: one, **ERRORS}, summary=f"One {word}")(shown)
    api.patch(place, response={200: one, **ACT_ERRORS}, summary=f"Edit {article}")(edited)
    api.post(f"{place}/moves", response={200: one, **ACT_ERRORS}, summary=f"Move {article}")(moved)


def _article(word: str) -> str:
    return f"an {word}" if word == "idea" else f"a {word}"


def _listed(request: HttpRequest, pk: int, model: type[Any], given: Any) -> HttpResponse:
    user = caller(request, "read").user
    project = get_object_or_404(Project.objects.visible_to(user), pk=pk)
    meant = model.objects.filter(project=project, pk__gt=given.after)
    if given.state:
        meant = meant.filter(state=given.state)
    if text := given.q.replace("\0", ""):
        meant = meant.filter(Q(title__icontains=text) | Q(slug__icontains=text))
    read = list(_full(model, meant).order_by("pk")[: given.limit + 1])
    told = [_brief(row) for row in read[: given.limit]]
    further = told[-1]["id"] if len(read) > given.limit else None
    return fresh(request, {f"{planning.WORDS[model]}s": told, "next": further})


def _written(request: HttpRequest, pk: int, model: type[Any], given: Any) -> HttpResponse:
    user = caller(request, "write").user
    project = get_object_or_404(Project.objects.visible_to(user), pk=pk)
    _demand(user, project)
    form = plan_forms.FORMS[model][0](_plain(given.dict()), project=project)
    made = stored(form, lambda: form.create(by=f"user:{user.pk}"))
    return _answer(request, made, 201)


def _edited(request: HttpRequest, pk: int, model: type[Any], given: Any) -> HttpResponse:
    user, found = _permitted(request, model, pk)
    changed = _plain(given.dict(exclude_unset=True))
    form = plan_forms.FORMS[model][1](plan_forms.with_given(found, changed), instance=found)
    stored(form, lambda: form.edit(by=f"user:{user.pk}"))
    return _answer(request, found)


def _moved(request: HttpRequest, pk: int, model: type[Any], given: Any) -> HttpResponse:
    user, found = _permitted(request, model, pk)
    seen = given.seen or found.state
    planning.move(found, seen, given.to, by=f"user:{user.pk}", reason=given.reason)
    return _answer(request, found)


def stored(form: plan_forms.PlanForm, store: Any) -> Any:
    """This function will store a form and give what that gave; `Wrong` names the fields."""
    done = form.is_valid() and store()
    if form.errors:
        raise Wrong({name: " ".join(map(str, some)) for name, some in form.errors.items()})
    return done


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    return {name: "" if value is None else value for name, value in given.items()}


def _full(model: type[Any], rows: Any) -> Any:
    return rows.select_related("project", *(("idea",) if model is Spec else ()))


def _seen(user: Any, model: type[Any], pk: int) -> Any:
    return get_object_or_404(_full(model, model.objects.visible_to(user)), pk=pk)


def _permitted(request: HttpRequest, model: type[Any], pk: int) -> tuple[Any, Any]:
    user = caller(request, "write").user
    found = _seen(user, model, pk)
    _demand(user, found.project)
    return user, found


def _demand(user: Any, project: Project) -> None:
    if not access.allows(user, "plan", project.pk):
        raise HttpError(403, errors.WORDS[403].message)


def _answer(request: HttpRequest, found: Any, status: int = 200) -> HttpResponse:
    model = type(found)
    fresher = get_object_or_404(_full(model, model.objects.all()), pk=found.pk)
    return api.create_response(request, _described(fresher), status=status)


def _brief(found: Any) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in (*_OWN, "updated_at", "moved_at")}
    if isinstance(found, Spec):
        told["idea"] = found.idea.slug if found.idea else None
    return told


def _described(found: Any) -> dict[str, Any]:
    changes = list(found.changes.order_by("-pk").values(*_CHANGE)[:CHANGES])
    more = {"project": found.project.slug, "next_states": found.next_states, "changes": changes}
    return _brief(found) | more


_offer("idea", Idea)
_offer("spec", Spec)
