"""A small repository of which everything is known: its map says exactly that."""

from projects.git import door, reading
from projects.mapping import build, extraction
from projects.mapping.structure import declared
from tests.projects.origins import Origin

TOOLS = extraction.Tools()
SHOP = {
    "README.md": "# Shop\n",
    ".github/CODEOWNERS": "* @ana\n/api/ @bob  # the server\n/gone/ @cy\n",
    ".factory/rules.toml": (
        '[[layers]]\nname = "Downhill"\nlayers = ["api/shop/views.py", "core/**"]\n'
        '[[forbidden]]\nfrom = "api/**"\n'
    ),
    "compose.yaml": "services:\n  web:\n    build: .\n    depends_on: [db]\n  db:\n    image: postgres:18\n",
    "catalog-info.yaml": "kind: System\nmetadata:\n  name: shop\nspec:\n  owner: team-shop\n",
    "api/pyproject.toml": (
        '[project]\nname = "shop-api"\nversion = "1.0"\ndependencies = [\n  "Django>=5",\n'
        '  "shop-core",\n  "idle-package",\n]\n[project.scripts]\nshop = "shop.cli:main"\n'
    ),
    "api/uv.lock": '[[package]]\nname = "django"\nversion = "5.2.1"\n',
    "api/shop/__init__.py": "",
    "api/shop/models.py": "from django.db import models\n\nclass Order(models.Model):\n    pass\n",
    "api/shop/urls.py": "from django.urls import path\nfrom shop import views\npath('orders/', views.all)\n",
    "api/shop/views.py": "from shop import models\nfrom money import add\n",
    "api/shop/cli.py": "if __name__ == '__main__':\n    pass\n",
    "core/pyproject.toml": '[project]\nname = "shop-core"\nversion = "2.0"\n',
    "core/money/__init__.py": "from shop import views\n\ndef add():\n    pass\n",
    **{f"core/money/{name}.py": "rate = 1\n" for name in ("eur", "nok", "sek", "usd")},
    "mail/pyproject.toml": '[project]\nname = "idle_package"\n',
    "tests/test_orders.py": "from shop import models\nif __name__ == '__main__':\n    pass\n",
}
STRUCTURE = {
    "component_edges": [
        ["shop-api", "shop-core", 1],
        ["shop-core", "shop-api", 1],
        ["tests", "shop-api", 1],
    ],
    "layers": [["", ".factory", ".github", "idle_package", "shop-api", "shop-core"], ["tests"]],
    "cycles": [["api/shop/views.py", "core/money/__init__.py"]],
    "component_cycles": [["shop-api", "shop-core"]],
    "entry_points": [
        {"path": "api/pyproject.toml", "line": 10, "what": "shop"},
        {"path": "api/shop/cli.py", "line": 1, "what": "__main__"},
    ],
    "routes": [{"path": "api/shop/urls.py", "line": 3, "route": "orders/", "framework": "django"}],
    "models": [{"path": "api/shop/models.py", "line": 3, "name": "Order", "framework": "django"}],
    "frameworks": [{"name": "Django", "version": "5.2.1", "path": "api/pyproject.toml", "line": 5}],
    "services": [
        {
            "name": "db",
            "image": "postgres:18",
            "ports": [],
            "needs": [],
            "line": 5,
            "path": "compose.yaml",
        },
        {
            "name": "web",
            "image": "",
            "ports": [],
            "needs": ["db"],
            "line": 2,
            "path": "compose.yaml",
        },
    ],
    "dependencies": [
        {
            "ecosystem": "pypi",
            "name": "Django",
            "constraint": ">=5",
            "version": "5.2.1",
            "scope": "",
            "path": "api/pyproject.toml",
            "line": 5,
        }
    ],
    "publishes": [
        {"ecosystem": "pypi", "name": "idle_package", "version": "", "path": "mail/pyproject.toml"},
        {"ecosystem": "pypi", "name": "shop-api", "version": "1.0", "path": "api/pyproject.toml"},
        {"ecosystem": "pypi", "name": "shop-core", "version": "2.0", "path": "core/pyproject.toml"},
    ],
    "owners": [
        {"pattern": pattern, "owners": [owner], "path": ".github/CODEOWNERS", "line": line}
        for line, (pattern, owner) in enumerate(
            [("*", "@ana"), ("/api/", "@bob"), ("/gone/", "@cy")], 1
        )
    ],
    "catalogue": [
        {
            "kind": "System",
            "name": "shop",
            "owner": "team-shop",
            "path": "catalog-info.yaml",
            "line": 3,
        }
    ],
    "violations": [
        {
            "rule": "Downhill",
            "src": "core/money/__init__.py",
            "dst": "api/shop/views.py",
            "lines": [1],
        }
    ],
    "rule_errors": [
        ".factory/rules.toml: forbidden 1: to: write a pattern of paths, or a list of them"
    ],
    "disagreements": [
        {
            "what": "dependency",
            "declared": "api/pyproject.toml:7 idle-package",
            "derived": "no import of mail",
        },
        {
            "what": "dependency",
            "declared": "core/pyproject.toml does not name shop-api",
            "derived": "core imports api",
        },
        {"what": "owners", "declared": ".github/CODEOWNERS:3 /gone/", "derived": "no file matches"},
    ],
    "cut": {},
}


def test_the_map_of_a_known_repository_says_exactly_what_is_known(tmp_path):
    origin = Origin(tmp_path / "shop")
    origin.commit(SHOP)
    git_dir = door.git_dir(origin.path)

    made = build.build(git_dir, reading.head(git_dir, TOOLS.watch), TOOLS, build.NoCache())

    found = dict(made.structure)
    sizes = {
        one["name"]: (one["path"], one["declared"], one["files"]) for one in found.pop("components")
    }
    assert sizes == {
        "": ("", False, 3),
        ".factory": (".factory", False, 1),
        ".github": (".github", False, 1),
        "shop-api": ("api", True, 7),
        "shop-core": ("core", True, 6),
        "idle_package": ("mail", True, 1),
        "tests": ("tests", False, 1),
    }
    assert found == STRUCTURE
    assert made.counts["cycles"] == 1
    assert (made.languages["Python"]["files"], made.languages["Python"]["lines"]) == (11, 22)
    owner = declared.owner_of(found["owners"])
    assert owner("api/shop/urls.py")["owners"] == ["@bob"]
    assert owner("README.md")["owners"] == ["@ana"]
