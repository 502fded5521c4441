"""Declared owners beside those who change the files: what disagrees, and what nobody can tell."""

import random

import pytest

from projects import ownership
from projects.mapping.structure import declared
from projects.models import SystemMap
from tests.projects import mapped
from tests.projects.histories import BEA, BOT, commit_by, read

pytestmark = pytest.mark.django_db
ANA = {
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "17+Ana-Lamp@users.noreply.github.com",
}
CATALOGUE = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: lamp}
spec: {owner: "user:default/bea"}
"""


def compared(origin, owners, who, catalogue=""):
    """This function will compare the owners of files that somebody changed twelve times."""
    repository = mapped.registered(origin)
    commit_by(origin, ANA, {"CODEOWNERS": owners})
    if catalogue:
        commit_by(origin, ANA, {"lamp/catalog-info.yaml": catalogue})
    for number in range(12):
        commit_by(origin, who, {"lamp/a.py": f"x = {number}\n"})
    repository = mapped.map_newest(origin, repository)
    return ownership.compare(repository.current_map, read(origin, repository))


def states(found):
    """This function will say how each claim about the changed file stands."""
    return {row.claim.about: row.state for row in found.rows if row.changes >= 12}


def test_an_owner_who_changes_nothing_is_a_disagreement_with_its_reasons(origin):
    commit_by(origin, ANA, {"lamp/a.py": "first\n"})

    found = compared(origin, "/lamp/ @ana-lamp\n", BEA)

    [row] = found.of("disagrees")
    assert (row.top, row.changes, row.claim.path, row.claim.line) == ("Bea", 13, "CODEOWNERS", 1)
    assert round(row.share, 2) == 0.92
    assert row.why == ("Ana made 1 of 13 changes, 8 %",)


@pytest.mark.parametrize(
    ("owners", "about", "state"),
    [
        ("/lamp/ @ana-lamp @bea\n", "/lamp/", "agrees"),
        ("/lamp/ BEA@example.org\n", "/lamp/", "agrees"),
        ("/lamp/ @harbour/keepers\n", "/lamp/", "unknown"),
        ("/lamp/ @nobody-here\n", "/lamp/", "unknown"),
        ("/lamp/ @bea\n*.py @ana-lamp\n", "*.py", "disagrees"),
    ],
)
def test_whom_an_owner_stands_for_is_told_by_addresses_or_not_at_all(origin, owners, about, state):
    found = compared(origin, owners, BEA)

    assert states(found) == {about: state}


def test_a_machine_and_a_few_changes_are_no_disagreement(origin):
    found = compared(origin, "/lamp/ @ana-lamp\n*.md @bea\n", BOT)

    assert states(found) == {}
    assert not found.of("disagrees")


def test_a_catalogue_declares_what_lies_in_its_folder(origin):
    commit_by(origin, BEA, {"lamp/a.py": "first\n"})

    found = compared(origin, "", ANA, CATALOGUE)

    [row] = found.of("disagrees")
    assert (row.claim.about, row.claim.owners, row.top) == ("Component lamp", ("@bea",), "Ana")


def test_a_name_that_begins_the_addresses_of_two_people_is_nobodys(origin):
    other = {"GIT_AUTHOR_NAME": "Bea the other", "GIT_AUTHOR_EMAIL": "bea@example.net"}
    for who in (BEA, other):
        commit_by(origin, who, {"LICENSE": who["GIT_AUTHOR_NAME"]})

    found = compared(origin, "/lamp/ @bea\n", ANA)

    assert [row.why for row in found.of("unknown")] == [
        ("@bea: addresses of 2 authors begin like this",)
    ]


def test_too_many_patterns_are_said_not_to_be_compared(origin, monkeypatch):
    monkeypatch.setattr(declared, "_MOST_COMPARED", 0)

    found = compared(origin, "*.py @bea\n", BEA)

    assert found.refused == "Not compared: 1 patterns and 6 files take too long."


def test_rules_that_were_cut_off_are_not_compared(origin):
    repository = mapped.registered(origin)
    shown = SystemMap.objects.get(pk=repository.current_map_id)
    shown.structure["cut"] = {"owners": 9_000}

    assert "more is declared" in ownership.compare(shown, read(origin, repository)).refused


def test_the_rule_that_is_looked_up_is_the_last_that_matches():
    chance = random.Random(7)  # noqa: S311
    names = ["a", "b", "c", "*", "**", "*.a", "?", ""]
    for _ in range(3000):
        patterns = [
            chance.choice(("", "/"))
            + "/".join(chance.choice(names) for _ in range(chance.randint(1, 3)))
            + chance.choice(("", "", "/"))
            for _ in range(4)
        ]
        rules = [{"pattern": pattern} for pattern in patterns if pattern]
        path = "/".join(chance.choice(("a", "b", "c", "x.a")) for _ in range(chance.randint(1, 4)))
        last = [n for n, rule in enumerate(rules) if declared.meant(rule["pattern"])(path)][-1:]

        assert declared.deciding(rules, [path]) == (last or [None]), (rules, path)
