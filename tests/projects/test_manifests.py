"""Manifests: what they say, and that hostile ones cost little and break nothing."""

import json
import time

import pytest

from projects.mapping import manifests, untrusted
from projects.mapping.structure import packages


def said(path, text):
    """This function will read a manifest as the extractor does."""
    facts = manifests.reader(manifests.key_of(path))(text.encode())
    assert not facts["broken"]
    return facts["manifest"]


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("a/b/requirements.txt", "requirements"),
        ("tests/requirements/py3.txt", "requirements"),
        ("requirements-x/notes.txt", ""),
        ("docker-compose.prod.yml", "compose"),
        ("a/compose.py", ""),
        (".factory/rules.toml", "rules"),
        ("other/rules.toml", ""),
        (".github/CODEOWNERS", "codeowners"),
    ],
)
def test_a_manifest_is_known_by_its_path_its_name_or_a_pattern(path, module):
    assert manifests.key_of(path).removeprefix(manifests.PREFIX) == module


PYPROJECT = """\
[project]
name = "shop"
version = "1.2"
dependencies = [
  "Django>=5.2; python_version > '3'",
  "psycopg[binary]",
]
[project.optional-dependencies]
excel = ["openpyxl ~= 3.1"]
[project.scripts]
shop = "shop.cli:main"
[dependency-groups]
test = ["pytest>=8", {include-group = "lint"}]
[tool.poetry.group.dev.dependencies]
ruff = "^0.5"
black = { version = "24.1", optional = true }
[build-system]
requires = ["hatchling"]
"""


def test_a_python_project_says_its_name_what_it_needs_and_its_commands():
    found = said("pyproject.toml", PYPROJECT)

    assert (found["name"], found["version"]) == ("shop", "1.2")
    assert found["dependencies"] == [
        ["Django", ">=5.2", "", 5],
        ["psycopg", "", "", 6],
        ["openpyxl", "~= 3.1", "optional", 9],
        ["pytest", ">=8", "dev", 13],
        ["hatchling", "", "build", 18],
        ["ruff", "^0.5", "dev", 15],
        ["black", "24.1", "dev", 16],
    ]
    assert found["scripts"] == [["shop", "shop.cli:main", 11]]


def test_setup_cfg_says_the_same_in_its_way():
    text = (
        "[metadata]\nname = shop\nversion = attr: shop.version\n[options]\ninstall_requires =\n"
        "    Django >= 5\n    # none\n    attrs\n[options.extras_require]\nx = y<2\n"
        "[options.entry_points]\nconsole_scripts =\n    shop = shop:main\n"
    )

    found = said("setup.cfg", text)

    assert (found["name"], found["version"]) == ("shop", "")
    assert found["dependencies"] == [
        ["Django", ">= 5", "", 6],
        ["attrs", "", "", 8],
        ["y", "<2", "optional", 10],
    ]
    assert found["scripts"] == [["shop", "shop:main", 13]]


def test_requirements_are_read_line_by_line_and_what_a_tool_wrote_is_locked():
    plain = (
        "-r base.txt\n-e .\ngit+https://x.org/y\nDjango>=5  # the framework\nsix\n\nhello world\n"
    )
    tool = "django==5.2 \\\n    --hash=sha256:00\n    # via -r requirements.in\n"

    assert said("requirements.txt", plain) == {
        "dependencies": [["Django", ">=5", "", 4], ["six", "", "", 5]]
    }
    assert said("requirements.txt", tool) == {"locked": [["django", "5.2", 1]]}


LOCKS = [
    ("uv.lock", '[[package]]\nname = "six"\nversion = "1.17"\n[[package.x]]\nname = "no"\n'),
    ("Pipfile.lock", '{\n "default": {\n  "six": {\n   "version": "==1.17"\n  }\n }\n}'),
    (
        "package-lock.json",
        '{\n "packages": {\n  "": {\n  },\n  "web/node_modules/six": {\n   "version": "1.17"\n  },\n'
        '  "node_modules/a/node_modules/six": {\n   "version": "9"\n  }\n }\n}',
    ),
    ("yarn.lock", '# v1\n\n"@a/b@^1", six@1.x:\n  version "1.17"\n  resolved "x"\n'),
    ("yarn.lock", '"six@npm:1.x":\n  version: 1.17\n  resolution: "six@npm:1.17"\n'),
    (
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\nimporters:\n  web:\n    dependencies:\n      six:\n"
        "        specifier: 1.x\n        version: 1.17(react@18)\n",
    ),
]


@pytest.mark.parametrize(("path", "text"), LOCKS)
def test_a_lock_file_gives_the_version_of_a_dependency(path, text):
    key = manifests.key_of(path)
    wanted = packages.Wanted("web/x", 1, manifests.ecosystem(key), "six", "1.x", "")

    found = packages.locks({key: {path: said(path, text)}})

    assert found.version(wanted) == "1.17"


@pytest.mark.parametrize(
    ("locked", "version"),
    [
        ([["six", "1", 1, "web"], ["six", "2", 2, ""]], "1"),
        ([["six", "1", 1, "api"], ["six", "2", 2, ""]], "2"),
        ([["six", "1", 1, "1.x"], ["six", "2", 2, "2.x"]], "1"),
        ([["six", "1", 1, "3.x"], ["six", "2", 2, "2.x"]], ""),
        ([["six", "1", 1, "3.x"]], "1"),
    ],
)
def test_of_several_locked_versions_the_one_for_that_folder_or_constraint_counts(locked, version):
    said = {"manifest.package_lock": {"package-lock.json": {"locked": locked}}}
    wanted = packages.Wanted("web/package.json", 1, "npm", "six", "1.x", "")

    assert packages.locks(said).version(wanted) == version


def test_services_are_read_with_what_they_inherit():
    text = (
        'x: &base {image: python, ports: ["80:8000", 81]}\nservices:\n  web:\n    <<: *base\n'
        "    depends_on: {db: {condition: healthy}}\n  db:\n    image: postgres\n"
        "    ports: [{published: 5, target: 6}]\n  empty:\n"
    )

    assert said("compose.yaml", text)["services"] == [
        {"name": "db", "image": "postgres", "ports": ["5:6"], "needs": [], "line": 6},
        {"name": "empty", "image": "", "ports": [], "needs": [], "line": 9},
        {"name": "web", "image": "python", "ports": ["80:8000", "81"], "needs": ["db"], "line": 3},
    ]


def test_a_catalogue_names_entities_and_their_owners():
    text = (
        "kind: Component\nmetadata:\n  name: shop\nspec:\n  owner: team-a\n---\nkind: API\n"
        "metadata: {name: orders}\n"
    )

    found = said("a/catalog-info.yaml", text)

    assert found["name"] == "shop"
    assert found["entities"] == [
        {"kind": "Component", "name": "shop", "owner": "team-a", "line": 3},
        {"kind": "API", "name": "orders", "owner": "", "line": 8},
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x = ?", "Invalid value (at line 1, column 5)"),
        ("[other]\n", "other: there is no such kind of rule"),
        ("layers = 3", "layers 1: write it as a table, [[layers]]"),
        ('[[layers]]\nlayers = ["a"]', "layers 1: layers: write a list of two patterns or more"),
        (
            "[[forbidden]]\nto = 'a'",
            "forbidden 1: from: write a pattern of paths, or a list of them",
        ),
        (
            "[[forbidden]]\nform = 'a'",
            "forbidden 1: form: unknown; known are except, from, name, to",
        ),
    ],
)
def test_a_rule_that_is_malformed_is_said_in_one_line(text, error):
    facts = manifests.reader("manifest.rules")(text.encode())

    assert facts == {"manifest": {"rules": [], "errors": [error]}, "broken": True}


MEGABYTE = 1 << 20
BOMBS = {
    "compose.yaml": [
        b"[" * MEGABYTE,
        b"- " * (MEGABYTE // 2),
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a"] * 2000)) for n in range(90)),
        b"a: *gone",
        b"a: &a [*a]",
        b"\xff\xfe\x00",
        b"[]",
    ],
    "pyproject.toml": [
        b"a=" + b"[" * MEGABYTE,
        b".".join([b"a"] * (MEGABYTE // 2)) + b"=1",
        b"a={" + b".".join([b"'a'"] * 100_000) + b"=1}",
        b"\xff",
    ],
    "package-lock.json": [b"[" * MEGABYTE, b"[]", b'{"a": ' + b"9" * 5000 + b"}"],
    "Pipfile": [b"a=" + b"{b=" * 100_000],
    "Pipfile.lock": [b'{"a":' * 100_000],
    "pnpm-lock.yaml": [b"{" * MEGABYTE],
    "catalog-info.yaml": [b"? " * MEGABYTE, b""],
    ".factory/rules.toml": [b"a.b" * MEGABYTE],
}


@pytest.mark.parametrize("path", BOMBS)
def test_a_bomb_is_broken_and_takes_no_time(path):
    read = manifests.reader(manifests.key_of(path))
    for bomb in BOMBS[path]:
        began = time.process_time()

        assert read(bomb)["broken"], bomb[:20]
        assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "path", ["CODEOWNERS", "setup.cfg", "uv.lock", "yarn.lock", "requirements.txt"]
)
def test_what_is_read_line_by_line_takes_anything(path):
    read = manifests.reader(manifests.key_of(path))
    for text in (
        b"[" * MEGABYTE,
        b"\\" * MEGABYTE,
        b"a" * MEGABYTE + b":",
        b"\xff\0",
        b" =\n" * 9999,
    ):
        json.dumps(read(text))


def test_aliases_count_as_often_as_they_stand_for_something():
    read = untrusted.read_yaml(b"a: &a {b: c}\nd: [*a, *a]\n")

    assert read == [{"a": {"b": "c"}, "d": [{"b": "c"}, {"b": "c"}]}]
