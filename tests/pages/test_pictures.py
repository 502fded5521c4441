"""Every page has its picture, which `make shots` makes."""

from collections import defaultdict

from django.urls import resolve

from tests.pages.test_permissions import CASES, NOBODY
from tests.shots.views import ANONYMOUS, WORLDS

# No pages, or files; and what nobody sees but who comes by a link of a person.
NO_PAGES = (
    *("api/", "figures/", "healthz", "readyz", "metrics", "logout/", "signon/"),
    *("login/<", "invitations/<", "account/", "deliveries/<", "jobs/<int:pk>/artefacts/"),
    *("jobs/<int:pk>/log.txt", "projects/<slug:slug>/artefacts/<int:pk>/"),
)
# Questions before an act, and forms: those of a cancel, a pause, an archival and a task are there.
LIKE_OTHERS = tuple(
    f"/{leaf}/"
    for leaf in (
        *("acknowledgements", "releases", "pauses", "reruns", "resumptions", "retries", "syncs"),
        *("removals", "unarchivals", "limits", "runs", "edits", "moves", "new", "<slug:form>"),
    )
)


def test_every_page_is_photographed() -> None:
    ids: dict[str, int] = defaultdict(lambda: 1)
    pictures = ANONYMOUS | WORLDS["full"]
    addresses = [one.format_map(ids) for name, one in pictures.items() if name != "error-404"]
    seen = {resolve("/" + address.partition("?")[0]).route for address in addresses}

    pages = {route for route, case in CASES.items() if case.reads != NOBODY}
    missing = {route for route in pages - seen if not route.startswith(NO_PAGES)}

    assert {route for route in missing if not route.endswith(LIKE_OTHERS)} == set()
