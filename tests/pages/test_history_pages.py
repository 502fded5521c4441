"""Hotspots and owners: what is shown says of which commits, and what it leaves out."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.models import FileChurn, History, HistoryAuthor, HistoryFile, MapNode, Node, SystemMap
from tests.pages.conftest import COMMIT, World, browser_of

HOSTILE = "<script>alert(1)</script>"


def page_of(world: World, leaf: str) -> str:
    """This function will give the address of a page of the map."""
    return f"/projects/harbour/repositories/{world.repository.pk}/map/{leaf}"


def text_of(client: Client, address: str, status: int = 200) -> str:
    """This function will open an address and give the page."""
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


@pytest.fixture
def known(world: World) -> History:
    """This fixture will give the repository a history: two people and a machine in three files."""
    made = History.objects.create(
        repository=world.repository, commit=COMMIT, until=date(2026, 11, 1), commits=12, unnamed=0,
        coupled=12, with_lines=True, reader="1",
    )  # fmt: skip
    people = {
        name: HistoryAuthor.objects.create(history=made, name=name, bot=bot, commits=9)
        for name, bot in (("Ana", False), (HOSTILE, False), ("renovate[bot]", True))
    }
    for path, by in (
        ("quay/boat.py", {"Ana": 5, HOSTILE: 3, "renovate[bot]": 90}),
        ("quay/sail.py", {HOSTILE: 1}),
        ("gone.py", {"Ana": 70}),
    ):
        touched = {name: count for name, count in by.items() if not people[name].bot}
        top = max(touched, key=lambda name: touched[name])
        file = HistoryFile.objects.create(
            history=made, path=path, commits=sum(touched.values()), recent=sum(touched.values()),
            authors=len(touched), top_author=top, top_commits=touched[top], last=date(2026, 11, 1),
        )  # fmt: skip
        for name, commits in by.items():
            FileChurn.objects.create(
                file=file, author=people[name], month=date(2026, 11, 1), commits=commits, added=1,
                deleted=0,
            )  # fmt: skip
    return made


def test_hotspots_show_files_of_the_map_by_changes_times_lines(
    world: World, known: History
) -> None:
    text = text_of(browser_of(world.viewer), page_of(world, "hotspots/"))

    assert text.index("quay/boat.py") < text.index("quay/sail.py")
    assert "2 of 2" in text
    assert "960" in text
    assert "gone.py" not in text
    assert f"History up to commit <code>{COMMIT[:10]}</code>: complete" in text


def test_owners_show_shares_of_people_and_name_the_machines_that_are_left_out(
    world: World, known: History
) -> None:
    text = text_of(browser_of(world.viewer), page_of(world, "owners/"))

    assert "55.6 %" in text
    assert "made more than half of 9 changes" in text
    assert "1 of 1 depend on one person" in text
    assert "Left out as machines" in text
    assert "renovate[bot]" in text


def test_every_filter_stands_in_the_address(world: World, known: History) -> None:
    viewer = browser_of(world.viewer)
    MapNode.objects.filter(node__path="quay/sail.py").update(role="test")

    tests = text_of(viewer, page_of(world, "hotspots/?kind=tests&since=year&under=quay/"))
    nothing = text_of(viewer, page_of(world, "hotspots/?under=nowhere/"))
    odd = text_of(viewer, page_of(world, "hotspots/?kind=%00&page=x&pairs=-1&since=z"))
    one = text_of(viewer, page_of(world, "owners/?component=."))
    none = text_of(viewer, page_of(world, "owners/?component=nothing&page=99999999"))

    assert "quay/sail.py" in tests
    assert "boat.py" not in tests
    assert "since=year&amp;under=quay%2F" in tests
    assert "No such file was changed by a person" in nothing
    assert "quay/boat.py" in odd
    assert "made more than half of 9 changes" in one
    assert "No person changed a file of “nothing”" in none


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"missing": "Older trees are gone."}, "This history is incomplete."),
        ({"with_lines": False}, "Lines are being counted."),
        ({"with_lines": False, "no_lines": "It took too long."}, "Lines were not counted."),
        ({"commit": "f" * 40}, f"the newest fetched is <code>{COMMIT[:10]}</code>"),
    ],
)
def test_a_history_says_what_it_lacks(
    world: World, known: History, changed: dict[str, object], said: str
) -> None:
    History.objects.update(**changed)
    viewer = browser_of(world.viewer)

    for leaf in ("hotspots/", "owners/"):
        assert said in text_of(viewer, page_of(world, leaf))


def test_without_a_history_the_pages_say_how_it_comes(world: World) -> None:
    for leaf in ("hotspots/", "owners/"):
        assert "No history yet" in text_of(browser_of(world.viewer), page_of(world, leaf))


def test_a_stranger_finds_neither_page(world: World, known: History) -> None:
    for leaf in ("hotspots/", "owners/"):
        text_of(browser_of(world.stranger), page_of(world, leaf), 404)


def test_names_people_chose_are_escaped(world: World, known: History) -> None:
    for leaf in ("hotspots/", "owners/"):
        text = text_of(browser_of(world.viewer), page_of(world, leaf))
        assert HOSTILE not in text
        assert "&lt;script&gt;" in text


def test_many_hotspots_cost_no_more_queries_than_two(world: World, known: History) -> None:
    viewer = browser_of(world.viewer)
    with CaptureQueriesContext(connection) as few:
        viewer.get(page_of(world, "hotspots/"))
    shown = world.repository.current_map
    for number in range(60):
        path = f"quay/f{number}.py"
        node = Node.objects.create(repository=world.repository, kind="file", path=path)
        MapNode.objects.create(
            repository=shown.repository,
            node=node,
            blob="b" * 40,
            language="Python",
            bytes=1,
            lines=1,
            definitions=0,
        )
        HistoryFile.objects.create(
            history=known, path=path, commits=1, authors=1, last=date(2026, 11, 1)
        )

    with CaptureQueriesContext(connection) as many:
        text = viewer.get(page_of(world, "hotspots/")).content.decode()

    assert "50 of 62" in text
    assert len(many) <= len(few)


def declare(world: World, owner: str) -> None:
    """This function will have CODEOWNERS name an owner of all files."""
    rules = [{"pattern": "quay/", "owners": [owner], "path": "CODEOWNERS", "line": 4}]
    SystemMap.objects.update(structure={"owners": rules})
    FileChurn.objects.filter(author__name=HOSTILE).update(commits=40)


def test_owners_show_who_is_declared_and_changes_little(world: World, known: History) -> None:
    HistoryAuthor.objects.filter(name="Ana").update(email="ana@example.org")
    declare(world, "@ana")

    text = text_of(browser_of(world.viewer), page_of(world, "owners/"))

    assert "Declared owners who are not those who change the files" in text
    assert 'file/?path=CODEOWNERS#L4">quay/</a>' in text
    assert "Ana made 5 of 85 changes, 6 %" in text
    assert HOSTILE not in text


def test_owners_nobody_can_name_are_said_to_be_so(world: World, known: History) -> None:
    declare(world, "@harbour/<b>")

    text = text_of(browser_of(world.viewer), page_of(world, "owners/"))

    assert "Cannot be compared" in text
    assert "@harbour/&lt;b&gt; is a team: who belongs to it is not known here" in text


def test_each_input_of_health_leads_to_its_page(world: World, known: History) -> None:
    text = text_of(browser_of(world.viewer), page_of(world, "health/"))

    assert 'map/owners/"><code>bus_factor</code></a>' in text
    assert 'map/hotspots/?kind=all&amp;since=year"><code>share_of_ten_files_recent</code>' in text
    assert "Nothing is judged here" in text


def test_the_api_tells_owners_and_health(world: World, known: History) -> None:
    declare(world, "@nobody")
    client = browser_of(world.viewer)

    owners, health = (
        client.get(f"/api/repositories/{world.repository.pk}/{leaf}").json()
        for leaf in ("owners", "health")
    )

    assert (owners["whole"]["bus_factor"], owners["history"]["state"]) == (1, "complete")
    assert [(one["state"], one["why"]) for one in owners["declared"]] == [
        ("unknown", ["@nobody: no author's address has this name"])
    ]
    assert {"name": "people", "about": "people who changed a file", "value": 2} in health["inputs"]


def test_the_api_tells_a_map_without_a_history(world: World) -> None:
    client = browser_of(world.viewer)

    owners, health = (
        client.get(f"/api/repositories/{world.repository.pk}/{leaf}").json()
        for leaf in ("owners", "health")
    )

    assert (owners["history"], owners["whole"], owners["declared_all"]) == (None, None, 0)
    assert {one["name"] for one in health["inputs"]} >= {"files", "unresolved"}
