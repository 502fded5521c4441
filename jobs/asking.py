"""The page of the admin that asks before an act: what it does, to how many, and the first five."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

ACTS = ("act",)
"""What an act takes: `has_act_permission`, which every admin of ours answers."""


@dataclass(frozen=True)
class Question:
    """An act that is asked about: its name as an action, the verb on the button, what follows."""

    name: str
    verb: str
    consequence: str
    reason: bool = False

    def ask(
        self, window: Any, request: HttpRequest, rows: "QuerySet[Any]", unable: int = 0
    ) -> HttpResponse:
        """This method will give the page; `unable` of the chosen rows stay as they are."""
        count, first = rows.count(), list(rows.order_by("pk")[:5])
        opts = window.opts
        noun = opts.verbose_name if count == 1 else opts.verbose_name_plural
        context = window.admin_site.each_context(request) | {
            "title": f"{self.verb} {count:,} {noun}?" if count else f"{self.verb}: nothing to do",
            "question": self,
            "opts": opts,
            "count": count,
            "first": [(row, window.change_address(row), window.words(row)) for row in first],
            "rest": count - len(first),
            "unable": unable,
            "chosen": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/confirm.html", context)


def asked(
    verb: str, consequence: str, permissions: tuple[str, ...] = ACTS
) -> Callable[[Callable[..., None]], Callable[..., HttpResponse | None]]:
    """This function will make a method an action that is asked about before it is called."""

    def decorate(act: Callable[..., None]) -> Callable[..., HttpResponse | None]:
        question = Question(act.__name__, verb, consequence)

        @wraps(act)
        def action(
            window: Any, request: HttpRequest, chosen: "QuerySet[Any]"
        ) -> HttpResponse | None:
            if not request.POST.get("confirmed"):
                return question.ask(window, request, chosen)
            act(window, request, chosen)
            return None

        return admin.action(description=f"{verb}…", permissions=permissions)(action)

    return decorate
