"""Which package a Go import means, and what a Go file says."""

import shutil

import pytest

from projects.mapping.languages.go import names, syntax
from projects.mapping.manifests import go_mod, go_work
from projects.mapping.sources import Sources
from tests.projects import go_list
from tests.projects.origins import Origin
from tests.projects.test_mapping import mapped

READERS = {"go.mod": ("manifest.go_mod", go_mod), "go.work": ("manifest.go_work", go_work)}


def resolve(sources):
    """This function will resolve the imports of sources by path."""
    imports, manifests = {}, {}
    for path, text in sources.items():
        key, module = READERS.get(path.rpartition("/")[2], ("", None))
        if module:
            manifests.setdefault(key, {})[path] = module.facts(text.encode())["manifest"]
        else:
            imports[path] = syntax.facts(text.encode())["imports"]
    return names.resolve(Sources(frozenset(sources), imports, manifests))


def edges(sources):
    """This function will give the edges without their lines, and what each package is made of."""
    found = resolve(sources)
    return {(src, dst) for src, dst, _ in found.edges}


def go(package, *imports):
    """This function will write a Go file."""
    return f"package {package}\n" + "".join(f'import "{path}"\n' for path in imports)


SHOP = {"go.mod": "module example.org/shop\n", "cart/cart.go": go("cart")}
CASES = {
    "a package of the module": (
        SHOP | {"main.go": go("main", "example.org/shop/cart", "fmt", "example.org/shopping")},
        {("main.go", "cart")},
    ),
    "the package at the top": (
        SHOP | {"shop.go": go("shop"), "cmd/main.go": go("main", "example.org/shop")},
        {("cmd/main.go", "")},
    ),
    "a test needs its own package, one beside it what it imports": (
        SHOP
        | {
            "cart/a_test.go": go("cart"),
            "cart/b_test.go": go("cart_test"),
            "cart/c_test.go": go("cart_test", "example.org/shop/cart"),
        },
        {("cart/a_test.go", "cart"), ("cart/c_test.go", "cart")},
    ),
    "a folder of tests alone is no package": (
        SHOP | {"e2e/a_test.go": go("e2e"), "x.go": go("x", "example.org/shop/e2e")},
        set(),
    ),
    "a module inside a module is not of it": (
        SHOP | {"cart/go.mod": "module other", "x.go": go("x", "example.org/shop/cart")},
        set(),
    ),
    "a module inside a module, by its own name": (
        SHOP
        | {"api/go.mod": "module example.org/shop/api/v2", "api/v1/a.go": go("v1")}
        | {"x.go": go("x", "example.org/shop/api/v2/v1")},
        {("x.go", "api/v1")},
    ),
    "a replacement by a folder": (
        SHOP
        | {"a/go.mod": "module a\nreplace (\n\texample.org/b v1.0.0 => ../b // ours\n)\n"}
        | {"a/a.go": go("a", "example.org/b/c"), "b/c/c.go": go("c"), "b/go.mod": "module b"},
        {("a/a.go", "b/c")},
    ),
    "a replacement from elsewhere hides what is here": (
        {"a/go.mod": "module a\nreplace example.org/b => example.org/fork v1.0.0\n"}
        | {
            "a/a.go": go("a", "example.org/b"),
            "b/b.go": go("b"),
            "b/go.mod": "module example.org/b",
        },
        set(),
    ),
    "of two modules of one name the one of the workspace": (
        {"go.work": "go 1.25\nuse (\n\t./a\n\t./b\n)\n", "a/go.mod": "module a"}
        | {"b/go.mod": "module example.org/b", "c/go.mod": "module example.org/b"}
        | {"a/a.go": go("a", "example.org/b"), "b/b.go": go("b"), "c/c.go": go("c")},
        {("a/a.go", "b")},
    ),
    "of two modules of one name neither": (
        {"a/go.mod": "module a", "b/go.mod": "module x.org/b", "c/go.mod": "module x.org/b"}
        | {"a/a.go": go("a", "x.org/b"), "b/b.go": go("b"), "c/c.go": go("c")},
        set(),
    ),
    "a copy under vendor, and what it imports itself": (
        SHOP
        | {"x.go": go("x", "github.com/a/b"), "vendor/github.com/a/b/b.go": go("b", "c.org/d")}
        | {"vendor/c.org/d/d.go": go("d"), "vendor/github.com/a/b/go.mod": "module github.com/a/b"},
        {("x.go", "vendor/github.com/a/b"), ("vendor/github.com/a/b/b.go", "vendor/c.org/d")},
    ),
    "Go's own library": (
        {"src/go.mod": "module std", "src/fmt/f.go": go("fmt", "os", "golang.org/x/a"), "x.go": ""}
        | {"src/os/os.go": go("os"), "src/cmd/go.mod": "module cmd", "y/fmt.go": go("y", "fmt")}
        | {"src/cmd/go/m.go": go("main", "fmt"), "src/vendor/golang.org/x/a/a.go": go("a")},
        {
            ("src/fmt/f.go", "src/os"),
            ("src/fmt/f.go", "src/vendor/golang.org/x/a"),
            ("src/cmd/go/m.go", "src/fmt"),
        },
    ),
    "GOPATH, and the stubs that tests of analysers read": (
        SHOP
        | {"testdata/src/a/a.go": go("a", "b"), "testdata/src/b/b.go": go("b")}
        | {"src/b/b.go": go("b"), "x.go": go("x", "b")},
        {("testdata/src/a/a.go", "testdata/src/b")},
    ),
    "a repository without a module goes by the name its own imports have": (
        {"a/a.go": go("a", "github.com/ana/shop/b", "github.com/ana/shop/c")}
        | {"b/b.go": go("b"), "c/c.go": go("c"), "errors/e.go": go("errors", "x.org/y/errors")},
        {("a/a.go", "b"), ("a/a.go", "c")},
    ),
    "a relative import": (
        {"a/a.go": go("a", "../b", "../../c"), "b/b.go": go("b")},
        {("a/a.go", "b")},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_import_leads_to_the_package_it_means(case):
    sources, expected = CASES[case]

    assert edges(sources) == expected


def test_a_package_is_made_of_what_some_build_takes():
    sources = SHOP | {
        "main.go": go("main", "example.org/shop/cart"),
        "cart/cart_windows.go": "//go:build windows && !ignored\n\npackage cart\n",
        "cart/cart_test.go": "package cart\n",
        "cart/generate.go": "// Copyright\n\n//go:build tools || (ignore && linux)\n\npackage cart",
        "cart/never.go": "//go:build linux && (ignore)\n\npackage cart\n",
        "cart/old.go": "// +build ignore\n\npackage cart\n",
        "cart/program.go": "package main\n",
        "unused/unused.go": "package unused\n",
    }

    assert resolve(sources).parts == {
        ("cart", "cart/cart.go", 1),
        ("cart", "cart/cart_windows.go", 3),
        ("cart", "cart/generate.go", 5),
    }


def test_what_must_be_in_the_module_and_is_not_is_counted():
    sources = {
        "go.mod": "module example.org/shop\nrequire example.org/shop/api v1.0.0\n",
        "a.go": go("a", "example.org/shop/gone", "example.org/shop/api/x", "example.org/b", "C"),
        "testdata/b.go": go("b", "example.org/shop/gone"),
    }

    found = resolve(sources)

    assert (found.inside, found.lost) == (1, [("a.go", 2)])


def test_what_a_file_declares_is_found_and_what_a_function_holds_is_not():
    source = b"""package main

import (
    . "net/http" // dot
    _ `embed`
)

type (
    Cart struct{ gorm.Model }
    Item = Cart
    Shop interface{ Sell() }
)

func (c *Cart) Add() { type inner int }

func main() { http.HandleFunc("GET /carts/{id}", nil); mux.Handle("/", nil) }
"""

    found = syntax.facts(source)

    assert found["imports"] == ("main", 1, True, [("net/http", 4), ("embed", 5)])
    assert found["definitions"] == [
        ("struct", "Cart", 9),
        ("type", "Item", 10),
        ("interface", "Shop", 11),
        ("method", "Add", 14),
        ("function", "main", 16),
    ]
    assert found["marks"] == [
        ("model:gorm", "Cart", 9),
        ("entry", "func main", 16),
        ("route:net/http", "/", 16),
        ("route:net/http", "GET /carts/{id}", 16),
    ]
    assert not found["broken"]


def test_broken_syntax_keeps_what_can_be_read():
    found = syntax.facts(b'package a\nimport "b/c"\nimport "d\nfunc f( {\ntype T struct{}\n')

    assert found["broken"]
    assert ("b/c", 2) in found["imports"][3]


def test_go_mod_says_what_is_required_and_replaced():
    source = (
        b'module "example.org/shop" // the shop\n\ngo 1.25\n'
        b"require github.com/a/b v1.2.3\nrequire (\n"
        b"\tgithub.com/c/d/v2 v2.0.0-20240101000000-abcdefabcdef // indirect\n)\n"
        b"replace github.com/a/b v1.2.3 => ../b\n"
    )

    assert go_mod.facts(source) == {
        "manifest": {
            "name": "example.org/shop",
            "version": "",
            "go": "1.25",
            "replaced": [["github.com/a/b", "v1.2.3", "../b", 8]],
            "dependencies": [
                ["github.com/a/b", "v1.2.3", "", 4],
                ["github.com/c/d/v2", "v2.0.0-20240101000000-abcdefabcdef", "indirect", 6],
            ],
            "locked": [
                ["github.com/a/b", "v1.2.3", 4],
                ["github.com/c/d/v2", "v2.0.0-20240101000000-abcdefabcdef", 6],
            ],
        },
        "broken": False,
    }


@pytest.mark.parametrize("reader", [go_mod, go_work])
def test_a_manifest_that_is_none_is_broken(reader):
    assert reader.facts(b"(" * 100_000 + b"\xff\0 => => replace\nreplace =>\n")["broken"]


def test_folders_nobody_can_print_are_packages_under_names_of_their_own(tmp_path):
    origin = Origin(tmp_path / "origin")
    origin.commit(
        {
            "go.mod": "module m.org\n",
            "m.go": go("m", "m.org/a\u202eb"),
            "a\u202eb/p.go": go("p"),
        }
    )

    made = mapped(origin)

    assert made.packages == ["a\\342\\200\\256b/"]
    assert [(edge.src, edge.dst) for edge in made.edges] == [
        ("a\\342\\200\\256b/", "a\\342\\200\\256b/p.go"),
        ("m.go", "a\\342\\200\\256b/"),
    ]


def test_the_edges_of_go_itself_are_those_of_go_list(tmp_path):
    """The command `go` and what the commands share: files for other systems are not compared."""
    origin = Origin(tmp_path / "origin")
    for folder in ("go", "internal"):
        source = go_list.ROOT / "src/cmd" / folder
        shutil.copytree(source, origin.path / "src/cmd" / folder, ignore=_all_but_go)
    origin.commit({"src/cmd/go.mod": "module cmd\n"})

    theirs = go_list.listed(go_list.ROOT, "src/cmd", "cmd/go/...", "cmd/internal/...", GOFLAGS="")
    found = go_list.ours(mapped(origin).edges, theirs)

    for of_tests, least in ((False, 300), (True, 40)):
        both = theirs.pairs(of_tests)
        assert len(both) > least
        assert found[of_tests] == both


def _all_but_go(folder, names):
    return [name for name in names if name == "testdata" or name.endswith((".txt", ".s"))]
