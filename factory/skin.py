"""The theme a browser asked for, kept in a cookie."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

THEMES = ("auto", "light", "dark")
_COOKIE = "theme"
_YEAR_S = 365 * 24 * 3600


def theme_of(request: HttpRequest | None) -> str:
    """This function will give the theme of a request: auto, which follows the system, by default."""
    asked = request.COOKIES.get(_COOKIE, "") if request is not None else ""
    return asked if asked in THEMES else "auto"


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """This view will keep the theme and go back to the page it was chosen on."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(_COOKIE, chosen, max_age=_YEAR_S, samesite="Lax", httponly=True)
    return response
