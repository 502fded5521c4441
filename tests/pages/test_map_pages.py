"""The pages of a map: everything in the address, a table beside each picture, evidence to the line."""

import re
import subprocess
from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.map_views import frame
from projects.mapping import EXTRACTOR
from projects.models import (
    BlobFacts,
    Edge,
    FileChurn,
    History,
    HistoryAuthor,
    HistoryFile,
    MapNode,
    Node,
    Repository,
    SystemMap,
)
from tests.pages.conftest import COMMIT, World, browser_of

HOSTILE = '"><img src=x onerror=alert(1)>.py'
STRUCTURE = {
    "components": [
        {
            "name": name,
            "path": name,
            "declared": False,
            "files": 1,
            "lines": 9,
            "language": "Python",
        }
        for name in ("", "boats", "sails", HOSTILE)
    ],
    "component_edges": [["boats", "sails", 2], ["sails", "boats", 1], ["", HOSTILE, 1]],
    "component_cycles": [["boats", "sails"]],
    "layers": [["sails", HOSTILE], ["boats"]],
    "entry_points": [{"path": "quay/boat.py", "line": 17, "what": "__main__"}],
    "routes": [
        {"path": "quay/boat.py", "line": n, "route": f"/r{n}", "framework": "flask"}
        for n in range(1, 31)
    ],
}


def page_of(world: World, leaf: str = "") -> str:
    """This function will give the address of a page of the map."""
    return f"/projects/harbour/repositories/{world.repository.pk}/map/{leaf}"


def text_of(client: Client, address: str, status: int = 200) -> str:
    """This function will open an address and give the page."""
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


@pytest.fixture
def shown(world: World) -> SystemMap:
    """This fixture will give the map a structure, components, and a file with a hostile name."""
    made = world.repository.current_map
    assert made is not None
    SystemMap.objects.filter(pk=made.pk).update(structure=STRUCTURE)
    MapNode.objects.filter(repository=made.repository, node__path="quay/boat.py").update(
        component="boats"
    )
    MapNode.objects.filter(repository=made.repository, node__path="quay/sail.py").update(
        component="sails"
    )
    node = Node.objects.create(repository=world.repository, kind="file", path=f"quay/{HOSTILE}")
    MapNode.objects.create(
        repository=made.repository,
        node=node,
        blob="c" * 40,
        language="Python",
        bytes=9,
        lines=9,
        definitions=0,
    )
    boat = Node.objects.get(path="quay/boat.py")
    Edge.objects.create(
        repository=made.repository, src=node, dst=boat, kind="import", lines=list(range(1, 40))
    )
    return made


@pytest.fixture
def cloned(world: World) -> str:
    """This fixture will make the repository's clone with one file, and give the file's blob."""
    clone = world.repository.clone
    clone.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "-q", "--bare", str(clone)], check=True)
    content = b"import sail\n\ndef row():\n    return '<b>\xff'\n" + b"x" * 3000 + b"\n"
    return put(clone, content)


def put(clone: Path, content: bytes) -> str:
    """This function will write a blob into a clone."""
    command = ["git", f"--git-dir={clone}", "hash-object", "-w", "--stdin"]
    done = subprocess.run(command, input=content, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.mark.parametrize(
    "leaf", ["", "?colour=coverage", "components/", "components/?focus=boats&hops=2"]
)
def test_every_picture_has_a_table_its_commit_and_how_much_it_shows(
    leaf: str, world: World, shown: SystemMap, as_staff: Client
) -> None:
    page = text_of(as_staff, page_of(world, leaf))

    assert "<svg class=" in page
    assert page.count("<table") == page.count("<caption")
    assert "showing " in page
    assert COMMIT[:10] in page
    assert page.count("<h1") == 1


@pytest.mark.parametrize(
    "leaf", ["", "?under=quay", "components/", "components/?src=boats&dst=sails", "file/?path="]
)
def test_a_hostile_name_is_text_on_every_page(
    leaf: str, world: World, shown: SystemMap, as_staff: Client
) -> None:
    leaf += (
        "quay/%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E.py" if leaf.endswith("path=") else ""
    )

    page = text_of(as_staff, page_of(world, leaf))

    assert "<img" not in page
    assert not leaf.startswith("?under") or "&lt;img src=x" in page


def test_the_colour_and_the_part_stand_in_the_address(
    world: World, shown: SystemMap, as_staff: Client
) -> None:
    page = text_of(as_staff, page_of(world, "?under=quay&colour=coverage&component=boats"))

    assert page.count('class="tile') == 1
    assert 'class="tile k-read"' in page
    assert "?under=quay&amp;component=boats" in page
    assert "<option selected>boats</option>" in page


def test_an_unknown_colour_is_the_default_and_breaks_nothing(
    world: World, as_staff: Client
) -> None:
    assert 'aria-current="true">language<' in text_of(as_staff, page_of(world, "?colour=%00x"))


def test_an_edge_between_components_leads_to_its_evidence(
    world: World, shown: SystemMap, as_staff: Client
) -> None:
    page = text_of(as_staff, page_of(world, "components/?src=boats&dst=sails"))

    assert "file/?path=quay%2Fboat.py#L17" in page
    assert "1 import between files" in page


def test_a_component_nobody_knows_is_said_to_be_none(
    world: World, shown: SystemMap, as_staff: Client
) -> None:
    assert "No such component" in text_of(as_staff, page_of(world, "components/?focus=anchors"))


def test_the_neighbourhood_holds_what_is_so_many_hops_away(
    world: World, shown: SystemMap, as_staff: Client
) -> None:
    page = text_of(as_staff, page_of(world, "components/?focus=boats"))

    assert "showing 2 of 2 components within 1 hop" in page
    assert page.count('class="box in-cycle') == 2


def test_a_section_shows_its_first_rows_and_on_demand_all(
    world: World, shown: SystemMap, as_staff: Client
) -> None:
    first, whole = (text_of(as_staff, page_of(world, leaf)) for leaf in ("", "?show=routes"))

    assert "showing 20 of 30" in first
    assert "/r30<" not in first
    assert "/r30<" in whole
    assert "file/?path=quay%2Fboat.py#L30" in whole


def test_a_map_says_what_is_left_out_and_what_alarms(world: World, as_staff: Client) -> None:
    made = world.repository.current_map
    assert made is not None
    counts = made.counts | {
        "partial": ["12,345 edges beyond 2,000,000 are missing."],
        "alarms": ["go: 3 of 4 lead nowhere <b>"],
        "resolved": {"go": [4, 3]},
        "lost": [["quay/boat.py", 17]],
    }
    SystemMap.objects.filter(pk=made.pk).update(counts=counts)

    for leaf in ("", "components/", "file/?path=quay/boat.py"):
        assert "12,345 edges beyond 2,000,000 are missing" in text_of(
            as_staff, page_of(world, leaf)
        )


def test_a_file_shows_who_needs_it_what_it_defines_and_its_source(
    world: World, shown: SystemMap, cloned: str, as_staff: Client
) -> None:
    boat = MapNode.objects.filter(repository=shown.repository, node__path="quay/boat.py")
    boat.update(blob=cloned, reader="python")
    head = {"lines": 4, "broken": True, "marks": [["entry", "only when run", 3]]}
    facts = {"head": head, "said": [], "definitions": [["function", "row", 3]]}
    BlobFacts.objects.create(blob=cloned, language="python", extractor=EXTRACTOR, facts=facts)

    page = text_of(as_staff, page_of(world, "file/?path=quay/boat.py"))

    assert '<li id="L3" class="defines">' in page
    assert "only when run" in page
    assert "return &#x27;&lt;b&gt;\ufffd" in page
    assert "not all UTF-8" in page
    assert "2,000 more characters" in page
    assert re.search(r'<a href="[^"]*#L3">row</a>', page)
    assert "and 27 more" in page  # lines of evidence


def test_a_long_source_is_shown_by_pages_and_a_line_leads_to_its_own(
    world: World, shown: SystemMap, cloned: str, as_staff: Client
) -> None:
    blob = put(world.repository.clone, b"".join(b"line %d\n" % n for n in range(1, 2001)))
    MapNode.objects.filter(repository=shown.repository, node__path="quay/boat.py").update(blob=blob)
    Edge.objects.filter(repository=shown.repository, src__path="quay/boat.py").update(lines=[1600])

    overview = text_of(as_staff, page_of(world, "?q=sail"))
    page = text_of(as_staff, page_of(world, "file/?path=quay/boat.py&page=2"))

    assert "file/?path=quay%2Fboat.py&amp;page=2#L1600" in overview
    assert "showing lines 1,501" in page
    assert 'id="L1600"' in page
    assert 'id="L1500"' not in page


@pytest.mark.parametrize("blob", ["d" * 40, "not a blob"])
def test_a_source_that_is_not_here_is_said_to_be_missing(
    blob: str, world: World, shown: SystemMap, cloned: str, as_staff: Client
) -> None:
    MapNode.objects.filter(repository=shown.repository, node__path="quay/boat.py").update(blob=blob)

    page = text_of(as_staff, page_of(world, "file/?path=quay/boat.py"))

    assert "Its content cannot be read here" in page


def test_a_binary_file_is_not_shown_as_text(
    world: World, shown: SystemMap, as_staff: Client
) -> None:
    MapNode.objects.filter(repository=shown.repository, node__path="quay/boat.py").update(
        skip="binary"
    )

    assert "It is not text" in text_of(as_staff, page_of(world, "file/?path=quay/boat.py"))


def test_a_file_that_is_not_on_the_map_is_no_page(world: World, as_staff: Client) -> None:
    text_of(as_staff, page_of(world, "file/?path=gone.py"), status=404)


def test_every_page_of_a_map_says_when_there_is_none(world: World, as_staff: Client) -> None:
    Repository.objects.filter(pk=world.repository.pk).update(current_map=None)

    for leaf in ("", "components/", "file/?path=quay/boat.py"):
        assert "No map yet" in text_of(as_staff, page_of(world, leaf))


@pytest.mark.parametrize("leaf", ["", "components/", "file/?path=quay/boat.py"])
def test_a_stranger_finds_no_page_of_a_map(leaf: str, world: World) -> None:
    text_of(browser_of(world.stranger), page_of(world, leaf), status=404)


@pytest.mark.parametrize("leaf", ["", "components/", "file/?path=quay/boat.py"])
def test_a_page_of_a_map_costs_the_same_queries_for_many_rows(
    leaf: str, world: World, shown: SystemMap, as_staff: Client
) -> None:
    from django.db import connection

    text_of(as_staff, page_of(world, leaf))
    with CaptureQueriesContext(connection) as few:
        text_of(as_staff, page_of(world, leaf))
    boat = Node.objects.get(path="quay/boat.py")
    for number in range(30):
        node = Node.objects.create(repository=world.repository, kind="file", path=f"q/f{number}.py")
        MapNode.objects.create(
            repository=shown.repository,
            node=node,
            blob="c" * 40,
            language="Python",
            bytes=9,
            lines=9,
            definitions=0,
        )
        Edge.objects.create(
            repository=shown.repository, src=node, dst=boat, kind="import", lines=[1]
        )

    with CaptureQueriesContext(connection) as many:
        text_of(as_staff, page_of(world, leaf))

    assert len(many) == len(few)


def test_the_page_turns_stale_within_one_event_of_a_new_commit(
    world: World, as_staff: Client
) -> None:
    from projects import topics

    key = str(world.repository.pk)
    before = topics.status_fingerprints([key])
    text_of(as_staff, page_of(world))

    world.repository.record_sync("9" * 40)

    assert topics.status_fingerprints([key]) != before
    assert "mark-stale" in topics.render_status([key])[key]
    assert f'data-topic="repository:{key}"' in text_of(as_staff, page_of(world, "components/"))


def past_of(world: World) -> None:
    """This function will give the repository a history of two people and one file."""
    known = History.objects.create(
        repository=world.repository,
        commit=COMMIT,
        reader="1",
        until=date(2026, 7, 1),
        commits=9,
        with_lines=True,
        unnamed=0,
        coupled=0,
    )
    ana = HistoryAuthor.objects.create(
        history=known, name="Ana <b>", email="a", bot=False, commits=9
    )
    file = HistoryFile.objects.create(
        history=known, path="quay/boat.py", commits=12, recent=9, authors=1, top_author="Ana <b>"
    )
    FileChurn.objects.create(
        file=file, author=ana, month=date(2026, 7, 1), commits=12, added=5, deleted=1
    )


@pytest.mark.parametrize(
    ("colour", "shade", "group"),
    [("churn", "h-4", "10 to 29 changes"), ("owner", "l-1", "Ana &lt;b&gt;")],
)
def test_a_treemap_coloured_by_history_names_group_commit_and_state(
    colour: str, shade: str, group: str, world: World, as_staff: Client
) -> None:
    past_of(world)

    page = text_of(as_staff, page_of(world, f"?colour={colour}"))

    tile = re.search(r'<path class="tile ([^"]*)" d="[^"]*"><title>quay/boat.py: ([^<]*)<', page)
    assert tile
    assert tile[1] == shade
    assert tile[2] == f"120 lines, {group}"
    assert f"By the history up to commit <code>{COMMIT[:10]}</code>, which is complete" in page


@pytest.mark.parametrize("colour", ["churn", "owner"])
def test_without_a_history_no_colour_is_made_up(
    colour: str, world: World, as_staff: Client
) -> None:
    page = text_of(as_staff, page_of(world, f"?colour={colour}"))

    assert "No history yet" in page
    assert "no change by people" in page


def test_a_file_shows_declared_and_derived_owners_and_its_past(
    world: World, shown: SystemMap, as_staff: Client
) -> None:
    past_of(world)
    rules = [{"pattern": "*.py", "owners": ["@bob"], "path": "CODEOWNERS", "line": 4}]
    SystemMap.objects.filter(pk=shown.pk).update(structure=STRUCTURE | {"owners": rules})

    page = text_of(as_staff, page_of(world, "file/?path=quay/boat.py"))

    assert 'file/?path=CODEOWNERS#L4">@bob</a>' in page
    assert "12 commits by 1 person, 9 in the newest twelve months" in page
    assert 'Ana &lt;b&gt; <span class="said">12 · 100 %' in page
    assert "2026-07: 12" in page


def test_no_page_of_a_map_shows_the_words_of_its_template(
    world: World, shown: SystemMap, as_staff: Client
) -> None:
    past_of(world)
    for link in frame.PAGES:
        page = text_of(as_staff, frame.address(world.repository, link[0], path="quay/boat.py"))

        assert "{{" not in page
        assert "{%" not in page
        assert page.count("<table") == page.count("<caption"), link


def test_a_map_of_an_older_commit_says_how_many_it_lacks(
    world: World, cloned: str, as_staff: Client
) -> None:
    commits = [""]
    for number in range(4):
        parent = ["-p", commits[-1]] if commits[-1] else []
        who = ["-c", "user.name=ana", "-c", "user.email=ana@example.org"]
        # What git calls the tree that holds nothing.
        tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        command = ["git", f"--git-dir={world.repository.clone}", *who, "commit-tree", tree]
        done = subprocess.run(
            [*command, *parent, "-m", str(number)], capture_output=True, check=True, text=True
        )
        commits.append(done.stdout.strip())
    SystemMap.objects.filter(repository=world.repository).update(commit=commits[1])
    world.repository.record_sync(commits[4])

    page = text_of(as_staff, page_of(world))

    assert f"<code>{commits[4][:10]}</code>, 3 commits further." in page
    assert "mark-stale" in page
