"""The pages that answer questions: impact, drift, cycles, search."""

import html

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from projects.mapping.structure import declared
from projects.models import SystemMap
from tests.projects import mapped
from tests.projects.origins import PACKAGE

pytestmark = pytest.mark.django_db
CIRCLE = {
    "shop/models.py": "import json\nfrom shop import urls\n\nclass Cart: ...\n",
    "tests/test_cart.py": "from shop.models import Cart\n",
    "shop/<b>&'.py": "from shop import models\n",
}


@pytest.fixture
def browser(origin):
    """This fixture will be the browser of somebody who sees a repository with two maps."""
    repository = mapped.registered(origin)
    origin.commit({**PACKAGE, **CIRCLE})
    repository = mapped.map_newest(origin, repository)
    client = Client()
    client.force_login(User.objects.create_superuser("ana"))
    client.repository = repository
    return client


def page(browser, name, **parameters):
    """This function will open a page of the map and give its text."""
    where = [browser.repository.project.slug, browser.repository.pk]
    answer = browser.get(reverse(f"projects:map-{name}", args=where), parameters)
    assert answer.status_code == 200
    return answer.content.decode()


def test_impact_lists_tests_first_with_their_proof_and_what_is_not_covered(browser):
    text = page(browser, "impact", path="shop/models.py")

    assert text.index("tests/test_cart.py</a>") < text.index("shop/views.py</a>")
    assert "dynamic imports" in text
    assert "4 of 4" in text


def test_impact_names_paths_that_are_not_on_the_map_beside_those_that_are(browser):
    text = page(browser, "impact", path="shop/none.py\nshop/urls.py")

    assert "Not on the map of commit" in text
    assert "shop/none.py. Give files" in text
    assert "Affected components" in text


def test_owners_that_would_take_too_long_to_find_are_said_to_be_unknown(browser, monkeypatch):
    rules = [{"pattern": "*", "owners": ["@ana"], "path": "CODEOWNERS", "line": 1}]
    shown = SystemMap.objects.get(pk=browser.repository.current_map_id)
    SystemMap.objects.filter(pk=shown.pk).update(structure={**shown.structure, "owners": rules})
    assert "@ana</a>" in page(browser, "file", path="shop/urls.py")

    monkeypatch.setattr(declared, "_MOST_ASKED", 0)

    assert "not known: 1 patterns take too long" in page(browser, "file", path="shop/urls.py")


def test_impact_asks_for_paths_when_it_has_none(browser):
    assert "Name files or folders" in page(browser, "impact")


def test_a_circle_is_shown_with_a_shortest_way_around(browser):
    text = page(browser, "cycles")

    assert "The shortest circle through shop/models.py" in text
    assert "All 3 files of a cycle" in text
    assert "No files of commit" not in text


def test_a_map_without_circles_says_so(browser, origin):
    origin.commit({"shop/models.py": "import json\n"})
    mapped.map_newest(origin, browser.repository)

    assert "No cycles" in page(browser, "cycles")


def test_drift_compares_the_last_two_maps_unless_told(browser):
    text = page(browser, "drift")

    assert "1 added, 0 removed" in text
    assert "tests/test_cart.py" in text


def test_drift_says_how_a_map_that_is_not_kept_is_made(browser):
    text = page(browser, "drift", **{"from": "abcdef"})

    assert "No single map of commit “abcdef” is kept" in text
    assert f"manage.py drift {browser.repository.pk} abcdef" in text


def test_drift_of_the_same_map_says_so(browser):
    commit = SystemMap.objects.latest("pk").commit

    assert "The same map" in page(browser, "drift", **{"from": commit, "to": commit})


def test_search_finds_definitions_and_files(browser):
    text = page(browser, "search", q="cart")

    assert "showing 2 of 2" in text
    assert "tests/test_cart.py" in text
    assert "Nothing is named so" in page(browser, "search", q="no such name")


@pytest.mark.parametrize("name", ["impact", "drift", "cycles", "search"])
def test_hostile_names_and_parameters_are_escaped(browser, name):
    hostile = "<script>alert(1)</script>\0'\"{{ x }}"
    given = dict.fromkeys(("path", "q", "from", "to", "cycle", "page"), hostile)

    text = page(browser, name, **given)
    named = page(browser, name, path="shop/models.py", q="<b>&'")

    assert "<script>alert" not in text
    assert "<b>&'" not in named
    if name in ("impact", "search"):
        assert html.escape("<b>&'") in named


def test_a_map_is_to_be_had_as_a_file_in_every_format(browser):
    assert "graphml" in page(browser, "exports")
    for form, said in (("dot", "digraph map {"), ("text", "shop/models.py"), ("json", '"links":')):
        where = [browser.repository.project.slug, browser.repository.pk, form]
        answer = browser.get(reverse("projects:map-export", args=where), {"level": "files"})

        assert said in answer.content.decode()
        assert answer["Content-Disposition"].startswith("attachment; filename=")
