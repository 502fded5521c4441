"""Every error is one page or one document, with an id that stands in the log, and no traceback."""

import json
import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.request import UnreadablePostError
from django.test import Client, RequestFactory
from django.urls import path

from factory import errors, urls
from jobs.models import Stale
from projects import access, addresses

STATUSES = sorted(errors.WORDS)
RAISED = {
    "bad": (BadRequest("page: write a number"), 400),
    "denied": (PermissionDenied(), 403),
    "large": (RequestDataTooBig("internal words"), 413),
    "stale": (Stale("demo.noop #5 is no longer queued: it is running now."), 409),
    "role": (access.Denied("project: you may not register in x"), 403),
    "address": (addresses.Refused("it is empty"), 400),
    "away": (UnreadablePostError("gone"), 408),
    "defect": (ZeroDivisionError("hidden words"), 500),
}


def raising(request: HttpRequest, name: str) -> HttpResponse:
    """This view will raise what the address names."""
    raise RAISED[name][0]


def empty(request: HttpRequest, status: int) -> HttpResponse:
    """This view will answer a status without a body."""
    if status == 405:
        return HttpResponseNotAllowed(["POST"])
    return HttpResponse(status=status, headers={"Retry-After": "7"})


urlpatterns = [
    path("raise/<str:name>/", raising),
    path("api/raise/<str:name>/", raising),
    path("empty/<int:status>/", empty),
    *urls.urlpatterns,
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture
def client(db: None, settings: Any) -> Client:
    """This fixture will be a browser of somebody logged in, on a product that fails as asked."""
    settings.ROOT_URLCONF = __name__
    logged_in = Client(raise_request_exception=False)
    logged_in.force_login(User.objects.create_user("ana"))
    return logged_in


@pytest.mark.parametrize("name", RAISED)
def test_what_views_raise_is_a_page_with_the_id_of_the_request(name: str, client: Client) -> None:
    response = client.get(f"/raise/{name}/")
    page = response.content.decode()

    assert response.status_code == RAISED[name][1]
    assert f"<code>{response['X-Request-ID']}</code>" in page
    assert '<section class="broken">' in page
    assert "hidden words" not in page
    assert "internal words" not in page
    assert "Traceback" not in page


@pytest.mark.parametrize("name", RAISED)
@pytest.mark.parametrize("machine", ["address", "accept"])
def test_a_machine_gets_the_same_as_a_document(name: str, machine: str, client: Client) -> None:
    if machine == "address":
        response = client.get(f"/api/raise/{name}/")
    else:
        response = client.get(f"/raise/{name}/", headers={"accept": "application/json"})
    error = response.json()["error"]

    assert response["Content-Type"] == "application/json"
    assert error["status"] == response.status_code == RAISED[name][1]
    assert error["id"] == response["X-Request-ID"]
    assert error["message"]
    assert "hidden words" not in json.dumps(error)


@pytest.mark.parametrize("accept", ["*/*", "", "text/html,application/json;q=0.9", "image/png"])
def test_a_browser_gets_a_page(accept: str, client: Client) -> None:
    response = client.get("/raise/bad/", headers={"accept": accept})

    assert response["Content-Type"].startswith("text/html")
    assert "page: write a number" in response.content.decode()


def test_the_document_names_the_fields(client: Client) -> None:
    error = client.get("/api/raise/address/").json()["error"]

    assert error["fields"] == {"addresses": "address: it is empty"}
    assert error["code"] == "bad-request"


@pytest.mark.parametrize("status", [405, 413, 415, 429, 503])
def test_an_error_without_a_body_is_dressed(status: int, client: Client) -> None:
    response = client.get(f"/empty/{status}/")

    assert response.status_code == status
    assert errors.WORDS[status].title in response.content.decode()
    assert response["Allow" if status == 405 else "Retry-After"] in ("POST", "7")


def test_a_page_that_was_sent_something_says_that_it_only_shows(client: Client) -> None:
    response = client.post("/legend/", {"a": "b"})

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert "shows something and takes nothing" in response.content.decode()


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_has_a_page_and_a_document(status: int) -> None:
    page = errors.answer(RequestFactory().get("/"), status)
    document = errors.answer(RequestFactory().get("/api/x"), status)

    assert errors.WORDS[status].title in page.content.decode()
    assert json.loads(document.content)["error"]["code"] == errors.WORDS[status].code


def test_a_defect_stands_in_the_log_with_its_traceback_and_the_id_that_is_shown(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        shown = client.get("/api/raise/defect/").json()["error"]["id"]

    lines = [line for line in caplog.records if line.exc_info]
    assert [line.exc_info[0] for line in lines if line.exc_info] == [ZeroDivisionError]
    answered = [line.msg for line in caplog.records if isinstance(line.msg, dict)]
    assert [line["request_id"] for line in answered if line.get("status") == 500] == [shown]


def test_an_error_page_that_cannot_be_rendered_is_still_a_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> str:
        raise OSError("error.html is gone: secret words")

    monkeypatch.setattr(errors, "render_to_string", fails)

    response = client.get("/raise/defect/")

    page = response.content.decode()
    assert response.status_code == 500
    assert response["X-Request-ID"] in page
    assert "secret words" not in page


def test_without_a_log_in_a_person_is_led_there_and_a_machine_is_told(client: Client) -> None:
    nobody = Client()

    assert nobody.get("/jobs/")["Location"] == "/login/?next=/jobs/"
    told = nobody.get("/jobs/", headers={"accept": "application/json"})
    assert (told.status_code, told.json()["error"]["code"]) == (401, "not-logged-in")
    assert told["WWW-Authenticate"].startswith("Bearer")


def test_a_form_with_an_old_token_says_so(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="ana"))

    page = strict.post("/theme/", {"theme": "dark"})
    document = strict.post("/theme/", {}, headers={"accept": "application/json"})
    of_the_api = strict.post("/api/repositories", {}, content_type="application/json")

    assert (page.status_code, "This form is too old" in page.content.decode()) == (403, True)
    assert document.json()["error"]["code"] == of_the_api.json()["error"]["code"] == "csrf"
    for told in (document, of_the_api):
        assert "send X-CSRFToken, or an API token" in told.json()["error"]["message"]
        assert "form" not in told.json()["error"]["message"]


MANY = "&".join(f"job={number}" for number in range(1001))


@pytest.mark.parametrize("path", ["/jobs/selections/", "/admin/jobs/job/", "/gone/"])
def test_an_address_with_too_many_values_is_a_page_and_no_defect(
    path: str, client: Client, settings: Any
) -> None:
    settings.DEBUG = path == "/gone/"  # where Django would show a page of its own

    response = client.get(f"{path}?{MANY}")
    page = response.content.decode()

    assert response.status_code == 400
    assert "more than 1,000 values" in page
    assert f'href="{path}">' in page
    assert f"<code>{response['X-Request-ID']}</code>" in page


def test_a_machine_is_told_that_it_sent_too_many_values(client: Client) -> None:
    shown = client.get(f"/jobs/selections/?{MANY}", headers={"accept": "application/json"})
    sent = client.post(
        "/jobs/selections/",
        MANY,
        content_type="application/x-www-form-urlencoded",
        headers={"accept": "application/json"},
    )

    for told in (shown, sent):
        assert (told.status_code, told.json()["error"]["code"]) == (400, "bad-request")
        assert "more than 1,000 values" in told.json()["error"]["message"]


def test_an_unknown_host_is_told_what_to_do(client: Client) -> None:
    response = client.get("/jobs/", headers={"host": "evil.test"})

    assert response.status_code == 400
    assert "FACTORY_ALLOWED_HOSTS" in response.content.decode()
    assert "evil.test" not in response.content.decode()


@pytest.mark.parametrize(
    ("address", "above"),
    [
        ("/jobs/7/retries/", "/jobs/7/"),
        ("/projects/harbour/repositories/3/syncs/", "/projects/harbour/repositories/"),
        ("/theme/", ""),
    ],
)
def test_the_address_of_an_act_leads_back_to_its_page(
    address: str, above: str, client: Client
) -> None:
    page = errors.answer(RequestFactory().get(address), 405).content.decode()

    assert (f'href="{above}">Go back' in page) == bool(above)


def test_what_was_sent_is_shown_and_does_nothing(client: Client) -> None:
    hostile = "<script>alert(1)</script>\x1b[31m\u202e"

    page = errors.answer(RequestFactory().get("/"), 400, hostile, fields={hostile: hostile})

    text = page.content.decode()
    assert "<script>" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
