"""Finding definitions and files by name: the best first, none left out of the count."""

import json

import pytest
from django.core.management import call_command

from projects import maps, symbols
from projects.models import BlobFacts, MapNode
from tests.projects import mapped

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(origin):
    """This fixture will map a package with names that resemble each other."""
    origin.commit(
        {
            "shop/names.py": "class Order: ...\ndef order(): ...\ndef orders(): ...\n"
            "def reorder(): ...\ndef a_b(): ...\ndef axb(): ...\n",
            "order.md": "# Order\n",
        }
    )
    return mapped.registered(origin).current_map


def blob_of(shown, path):
    """This function will give what git calls the content of a file."""
    return MapNode.objects.get(repository=shown.repository, node__path=path).blob


def names(hits):
    """This function will give what was found as (name, line)."""
    return [(one.name, one.line) for one in hits.symbols]


def test_exact_comes_before_other_case_before_beginnings_before_parts(shown):
    assert names(symbols.search(shown, "order")) == [
        ("order", 2),
        ("Order", 1),
        ("orders", 3),
        ("reorder", 4),
    ]
    assert names(symbols.search(shown, "Order"))[:2] == [("Order", 1), ("order", 2)]


def test_a_symbol_has_its_kind_path_and_line(shown):
    first = symbols.search(shown, "Cart").symbols[0]

    assert first == symbols.Symbol("Cart", "class", "shop/models.py", 3)


def test_what_is_not_listed_is_counted(shown):
    hits = symbols.search(shown, "order", limit=1)

    assert names(hits) == [("order", 2)]
    assert (hits.symbols_total, hits.files_total) == (4, 1)
    assert hits.files[0].path == "order.md"


def test_signs_of_patterns_mean_themselves(shown):
    assert names(symbols.search(shown, "a_b")) == [("a_b", 5)]
    for text in ("%", "\\", '"', "a%b", "\0"):
        assert symbols.search(shown, text).symbols == [], text


def test_a_header_is_searched_whatever_its_content_was_read_as(shown, origin):
    """Its key comes from its suffix: its language says C++ where the text of it is."""
    text = "class Slice {\n public:\n  int size();\n};\nint width();\n"
    origin.commit(
        {"a/slice.h": text, "a/slice.cc": text, "a/plain.c": "int depth() { return 1; }\n"}
    )
    later = mapped.map_newest(origin, shown.repository).current_map

    found = symbols.search(later, "Slice").symbols

    assert [one.path for one in found] == ["a/slice.cc", "a/slice.h"]
    assert names(symbols.search(later, "depth")) == [("depth", 1)]
    listed = maps.definitions([("a/slice.h", blob_of(later, "a/slice.h"))])
    assert ["class", "Slice", 1] in listed["a/slice.h"]


def test_a_file_that_is_declared_another_language_keeps_its_definitions(shown, origin):
    """Its name chose who read it; what .gitattributes calls it changes the label alone."""
    origin.commit({".gitattributes": "*.py linguist-language=Ruby\n"})
    later = mapped.map_newest(origin, shown.repository).current_map

    assert (
        MapNode.objects.get(repository=later.repository, node__path="shop/names.py").language
        == "Ruby"
    )
    assert names(symbols.search(later, "axb")) == [("axb", 6)]
    listed = maps.definitions([("shop/names.py", blob_of(later, "shop/names.py"))])
    assert len(listed["shop/names.py"]) == 6


def test_a_single_character_finds_beginnings_alone(shown):
    assert {name for name, _ in names(symbols.search(shown, "o"))} == {"Order", "order", "orders"}


def test_only_files_of_the_current_map_are_searched(shown, origin):
    origin.commit({"shop/names.py": "def renamed(): ...\n"})
    later = mapped.map_newest(origin, shown.repository).current_map

    assert symbols.search(later, "reorder").symbols == []
    assert names(symbols.search(later, "renamed")) == [("renamed", 1)]


def test_the_kept_names_are_those_of_the_definitions():
    kept = BlobFacts.objects.create(
        blob="a" * 40,
        language="python",
        extractor="2",
        facts={"definitions": [["class", "A", 1], ["function", "b", 2]]},
    )
    kept.refresh_from_db()

    assert kept.names == ["A", "b"]


def test_the_command_finds_and_says_no(shown, capsys):
    call_command("symbols", str(shown.repository_id), "cart", "--json")
    found = json.loads(capsys.readouterr().out)

    with pytest.raises(SystemExit) as ended:
        call_command("symbols", str(shown.repository_id), "nothing like it")

    assert [one["name"] for one in found["symbols"]] == ["cart", "Cart"]
    assert ended.value.code == 1
