"""What people declare about a repository, and where its files say something else."""

import time

import pytest

from projects.mapping.structure import contracts, declared, globs, packages
from tests.projects.test_structure import described, table

GITHUB = [  # of GitHub's page about code owners, and of gitignore's
    ("*", "a/b.c", True),
    ("*.js", "a/b.js", True),
    ("*.js", "a/b.jsx", False),
    ("/build/logs/", "build/logs/a/b", True),
    ("/build/logs/", "x/build/logs/a", False),
    ("docs/*", "docs/a.md", True),
    ("docs/*", "docs/a/b.md", False),
    ("apps/", "x/apps/a", True),
    ("apps/", "apps", False),
    ("/docs/", "docs/a", True),
    ("/apps/github", "apps/github/a", True),
    ("**/logs", "a/b/logs/c", True),
    ("/scripts/", "scripts", False),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b/c", True),
    ("a/**", "a/x/y", True),
    ("foo", "x/foo", True),
    ("foo", "x/foo/y", True),
    ("/*", "a", True),
    ("/*", "a/b", False),
    ("a?c", "abc", True),
    ("[ab]", "a", False),
    ("[ab]", "[ab]", True),
    ("a*b?*?c*d", "a-bx-yc-d", True),
    ("a*b?*?c*d", "a-bxc-d", False),
    ("a*a", "a", False),
]


@pytest.mark.parametrize(("pattern", "path", "wanted"), GITHUB)
def test_patterns_of_code_owners_mean_what_github_says(pattern, path, wanted):
    assert declared.meant(pattern)(path) is wanted


def test_the_last_rule_that_matches_names_the_owners():
    rules = {"rules": [["*", ["@ana"], 1], ["/docs/", ["@bob", "@cy"], 2], ["/docs/x", [], 3]]}
    both = {".github/CODEOWNERS": rules, "CODEOWNERS": {"rules": [["*", ["@nobody"], 1]]}}

    of = declared.owner_of(declared.owners({"manifest.codeowners": both}))

    assert [(of(path) or {}).get("owners") for path in ("a", "docs/a", "docs/x")] == [
        ["@ana"],
        ["@bob", "@cy"],
        [],
    ]


@pytest.mark.parametrize(
    ("pattern", "path", "wanted"),
    [
        ("a/**", "a/b/c", True),
        ("a", "a/b", True),
        ("a", "ab", False),
        ("**", "a", True),
        ("*/b", "a/b/c", True),
        ("**/test_*.py", "a/b/test_c.py", True),
        ("a/*.py", "a/b/c.py", False),
    ],
)
def test_patterns_of_rules_mean_folders_with_what_is_in_them(pattern, path, wanted):
    assert globs.compiled(pattern)(path) is wanted


def test_no_pattern_takes_long():
    match = globs.compiled("/".join(["**", "*a*a*a*a*a*a*b"] * 8))
    began = time.process_time()

    assert not match("/".join(["a" * 60] * 16))
    assert time.process_time() - began < 1


DEEP = "/".join(["a"] * 400)
DEAR = {"CODEOWNERS": {"rules": [[f"/**/{'*/' * 200}x", ["@ana"], line] for line in range(20)]}}


def test_owners_whose_patterns_would_take_too_long_are_said_not_to_be_compared():
    rules = declared.owners({"manifest.codeowners": DEAR})

    assert declared.unmatched(rules, [f"{DEEP}/{number}" for number in range(20)]) == [
        ("CODEOWNERS", "not compared: 20 patterns, 20 files")
    ]
    with pytest.raises(declared.TooDear, match="20 patterns"):
        declared.owner_of(rules)(DEEP)


def test_rules_whose_patterns_would_take_too_long_are_said_not_to_be_checked():
    patterns = [f"**/{'*/' * 200}{number}" for number in range(90)]
    found = rule("layers", [patterns, patterns])

    _, errors = contracts.check(found, table([(DEEP, f"{DEEP}/b", "import")]))

    assert errors[1].endswith("180 patterns are too many for 2 files; no rule was checked")


def rule(kind, groups, allowed=()):
    """This function will make rules of one, as its manifest gives them."""
    said = {"kind": kind, "name": kind, "groups": groups, "except": list(allowed)}
    return {"manifest.rules": {".factory/rules.toml": {"rules": [said], "errors": ["layers 2: x"]}}}


@pytest.mark.parametrize(
    ("kind", "groups", "allowed"),
    [
        ("layers", [["web/**"], ["core/**"]], []),
        ("forbidden", [["core/**"], ["web/**", "none"]], []),
        ("forbidden", [["**"], ["web/**"]], ["web/**"]),
    ],
)
def test_an_edge_that_breaks_a_rule_is_found_with_its_evidence(kind, groups, allowed):
    edges = [
        ("web/a.py", "core/a.py", "import"),
        ("core/a.py", "web/b.py", "import"),
        ("x", "core/b", "import"),
        ("web/a.py", "web/b.py", "import"),
        ("core/a.py", "web/c.py", "part"),
    ]

    found, _ = contracts.check(rule(kind, groups, allowed), table(edges))

    assert found == [{"rule": kind, "src": "core/a.py", "dst": "web/b.py", "lines": [1]}]


def test_independent_parts_import_each_other_in_neither_direction():
    ends = [("a/x", "b/x"), ("b/x", "a/x"), ("a/x", "a/y"), ("a/x", "c")]
    edges = table([(*one, "import") for one in ends])

    found, _ = contracts.check(rule("independence", [["a"], ["b"]]), edges)

    assert [(one["src"], one["dst"]) for one in found] == [("a/x", "b/x"), ("b/x", "a/x")]


def test_a_malformed_rule_is_one_line_of_the_structure():
    found = described(["a"], [], rule("layers", [["a"], ["b"]]))

    assert found["rule_errors"] == [".factory/rules.toml: layers 2: x"]


def test_more_patterns_than_can_be_tried_are_not_tried_and_said_to_be(monkeypatch):
    monkeypatch.setattr(contracts, "_MOST_TRIED", 3)

    found, errors = contracts.check(rule("layers", [["a"], ["b"]]), table([("b", "a", "import")]))

    assert found == []
    assert errors[1] == (
        ".factory/rules.toml: 2 patterns are too many for 2 files; no rule was checked"
    )


WORKSPACE = {
    "manifest.pyproject": {
        "web/pyproject.toml": {
            "name": "web",
            "dependencies": [
                ["django", ">=5", "", 3],
                ["core", "*", "", 4],
                ["pytest", "==1.2.3", "dev", 5],
            ],
            "scripts": [["serve", "x:main", 9]],
        },
        "core/pyproject.toml": {"name": "core", "version": "2"},
        "mail/pyproject.toml": {"name": "mail"},
        "tests/fixture/pyproject.toml": {"name": "no", "dependencies": [["left-pad", "1", "", 1]]},
    },
    "manifest.python_lock": {"uv.lock": {"locked": [["django", "5.2", 1]]}},
    "manifest.codeowners": {"CODEOWNERS": {"rules": [["/gone/", ["@ana"], 4], ["*", ["@bob"], 5]]}},
}
PATHS = [*WORKSPACE["manifest.pyproject"], "web/a.py", "mail/a.py", "core/a.py"]


def test_dependencies_have_versions_and_the_repositorys_own_packages_are_none_of_them():
    found = described(PATHS, [], WORKSPACE)

    assert [(one["name"], one["version"], one["scope"]) for one in found["dependencies"]] == [
        ("django", "5.2", ""),
        ("pytest", "1.2.3", "dev"),
    ]
    assert [one["name"] for one in found["publishes"]] == ["core", "mail", "web"]
    assert found["entry_points"] == [{"path": "web/pyproject.toml", "line": 9, "what": "serve"}]
    assert [one["name"] for one in found["frameworks"]] == ["Django", "pytest"]


def test_what_is_declared_and_not_so_is_shown():
    found = described(PATHS, [("web/a.py", "mail/a.py", "import")], WORKSPACE)

    assert found["disagreements"] == [
        {
            "what": "dependency",
            "declared": "web/pyproject.toml does not name mail",
            "derived": "web imports mail",
        },
        {
            "what": "dependency",
            "declared": "web/pyproject.toml:4 core",
            "derived": "no import of core",
        },
        {"what": "owners", "declared": "CODEOWNERS:4 /gone/", "derived": "no file matches"},
    ]


def test_what_a_tool_wrote_beside_requirements_is_their_versions():
    said = {
        "manifest.requirements": {
            "requirements.in": {"dependencies": [["Django_X", ">=5", "", 1]]},
            "requirements.txt": {
                "dependencies": [["django-x", "==5.2.1", "", 1], ["six", "==1", "", 2]]
            },
            "requirements-dev.txt": {"dependencies": [["ruff", "", "", 1]]},
        }
    }

    found = packages.dependencies(packages.wanted(said), said, [])

    assert [(one["name"], one["version"], one["scope"]) for one in found] == [
        ("ruff", "", "dev"),
        ("Django_X", "5.2.1", ""),
    ]
