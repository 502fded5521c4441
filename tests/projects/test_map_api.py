"""The API's answers about maps: what the commands tell, in the shapes of the document."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from factory import map_shapes
from projects.models import SystemMap
from tests.projects import mapped

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository(origin):
    """This fixture will be a repository with two maps."""
    found = mapped.registered(origin)
    origin.commit({"shop/new.py": "from shop import models\n", "shop/urls.py": None})
    return mapped.map_newest(origin, found)


@pytest.fixture
def browser(repository):
    """This fixture will be the browser of somebody who sees everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("ana"))
    return client


def ask(browser, repository, question, status=200, **parameters):
    """This function will ask about a repository's map."""
    answer = browser.get(f"/api/repositories/{repository.pk}/{question}", parameters)
    assert answer.status_code == status, answer.content
    return answer.json()


def test_impact_is_told_in_its_shape(browser, repository):
    told = ask(browser, repository, "impact", path=["shop/models.py", "shop/__init__.py"], limit=1)

    map_shapes.Impact.model_validate(told)
    assert told["total"] == 2
    assert [one["path"] for one in told["affected"]] == ["shop/new.py"]


def test_drift_is_told_in_its_shape(browser, repository):
    old = SystemMap.objects.earliest("pk").commit

    told = ask(browser, repository, "drift", old=old[:12])

    map_shapes.Drift.model_validate(told)
    assert told["nodes"]["added"] == ["shop/new.py"]
    assert told["nodes"]["removed"] == ["shop/urls.py"]


def test_symbols_and_text_are_told_in_their_shapes(browser, repository):
    hits = ask(browser, repository, "symbols", q="cart")
    text = ask(browser, repository, "text", tokens=250)

    map_shapes.Hits.model_validate(hits)
    map_shapes.Text.model_validate(text)
    assert [one["name"] for one in hits["symbols"]] == ["cart", "Cart"]
    assert text["tokens"] <= 250


@pytest.mark.parametrize(
    ("question", "parameters", "status"),
    [
        ("impact", {}, 400),
        ("impact", {"path": "shop/none.py"}, 404),
        ("impact", {"path": "x", "limit": -1}, 400),
        ("drift", {"old": "none"}, 404),
        ("drift", {"old": ""}, 404),
        ("symbols", {"q": ""}, 400),
        ("text", {"tokens": 1}, 400),
    ],
)
def test_what_cannot_be_answered_is_refused(browser, repository, question, parameters, status):
    told = ask(browser, repository, question, status, **parameters)

    assert told["error"]["status"] == status


def test_another_projects_map_does_not_exist(repository):
    client = Client()
    client.force_login(User.objects.create_user("bob"))

    for question in ("impact?path=shop/models.py", "drift?old=a", "symbols?q=cart", "text"):
        answer = client.get(f"/api/repositories/{repository.pk}/{question}")

        assert answer.status_code == 404
        assert b"shop" not in answer.content
