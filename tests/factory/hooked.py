"""The product's settings with one address below /hooks/, for as long as the product has none."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from factory.settings import *  # noqa: F403 — what settings modules are for


@csrf_exempt
@login_not_required
def taken(request: HttpRequest) -> HttpResponse:
    """This view will tell how much arrived."""
    return HttpResponse(len(request.body))


def __getattr__(name: str) -> list[object]:
    """As the URLs are read once Django's apps are there, and the settings before."""
    if name != "urlpatterns":
        raise AttributeError(name)
    from factory import urls

    return [path("hooks/taken", taken), *urls.urlpatterns]


ROOT_URLCONF = __name__
