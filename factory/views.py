"""Mission Control: the home page, and what the words mean."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from factory import board, inbox, outlook
from factory import legend as meanings
from jobs import board as jobs_board
from jobs import runbook as entries
from projects.models import Stage
from projects.standing import Health


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """This view will show the projects a user may see and what is running."""
    version = jobs_board.clock()
    number, chosen = request.GET.get("page", "1"), board.Filter.of(request.GET)
    is_number = number.isascii() and number.isdecimal() and len(number) < 7
    wanted = int(number) if is_number else 1
    found = board.home(request.user, chosen, max(1, wanted))
    context = {"v": version, "home": found, "chosen": chosen, "given": {}, "rows": found.rows}
    context |= {"outlook": outlook.of(request.user), "viewer": request.user.pk}
    context |= {"stages": Stage.values, "healths": Health.values}
    if not chosen.query and found.number == 1:
        context["inbox"] = inbox.of(request.user)
        context["topic"] = f"home:{request.user.pk}"
    return render(request, "factory/home.html", context)


@require_safe
def legend(request: HttpRequest) -> HttpResponse:
    """This view will tell what each word of the board means, who ends it, how long it may last and what to do then."""
    context = {
        "states": meanings.of_jobs(),
        "maps": meanings.of_maps(),
        "plans": meanings.of_plans(),
        "others": meanings.others(),
        "limits": meanings.limits(),
    }
    return render(request, "legend.html", context)


@require_safe
def runbook(request: HttpRequest) -> HttpResponse:
    """This view will tell what to do about each class of failure and whatever gets stuck."""
    return render(request, "runbook.html", {"entries": entries.ENTRIES})
