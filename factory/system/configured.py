"""How this installation is configured: each variable with its value and who gave it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from factory import dotenv
from factory.doctor import variables
from factory.variables import VARIABLES
from jobs.timetable import for_staff


@require_safe
@for_staff
def shown(request: HttpRequest) -> HttpResponse:
    """This view will show every variable as the web server reads it; secrets are hidden."""
    rows = [(one, variables.effective(one), variables.source(one)) for one in VARIABLES]
    given = sum(source != "default" for _, _, source in rows)
    context = {"rows": rows, "given": given, "place": dotenv.place()}
    return render(request, "system/configuration.html", context)
