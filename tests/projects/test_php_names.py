"""Which file the name of a PHP class or function means, and what else a PHP file says."""

import pytest

from projects.mapping.languages.php import names, syntax
from projects.mapping.sources import Sources


def resolve(sources, manifests=None):
    """This function will resolve the names in sources by path, each without its `<?php`."""
    said = {
        path: syntax.facts(b"<?php " + text.encode())["imports"] for path, text in sources.items()
    }
    return names.resolve(Sources(frozenset(sources), said, manifests or {}))


MODEL = {"m.php": "namespace App; class Model {}"}
CASES = {
    "a use": ({**MODEL, "x.php": "use App\\Model;"}, {("x.php", "m.php", 1)}),
    "an alias and where it stands": (
        {**MODEL, "x.php": "use App\\Model as M;\n\nnew M();"},
        {("x.php", "m.php", 1), ("x.php", "m.php", 3)},
    ),
    "a group": (
        {**MODEL, "x.php": "use App\\{Sub\\Other,\nModel};"},
        {("x.php", "m.php", 2)},
    ),
    "a name of the same namespace, in any case of letters": (
        {**MODEL, "x.php": "namespace app; MODEL::make();"},
        {("x.php", "m.php", 1)},
    ),
    "no name of another namespace": ({**MODEL, "x.php": "namespace B; new Model();"}, set()),
    "a namespace's alias": (
        {**MODEL, "x.php": "namespace B; use App as A; new A\\Model();"},
        {("x.php", "m.php", 1)},
    ),
    "a full name": (
        {**MODEL, "x.php": "namespace B; new \\App\\Model();"},
        {("x.php", "m.php", 1)},
    ),
    "a name relative to the namespace": (
        {**MODEL, "x.php": "namespace App; new namespace\\Model();"},
        {("x.php", "m.php", 1)},
    ),
    "parents, traits and types": (
        {
            **{f"{name}.php": f"class {name} {{}}" for name in "ABCDEF"},
            "x.php": "class X extends A implements B { use C; function f(?D $d): E|F {} }",
        },
        {("x.php", f"{name}.php", 1) for name in "ABCDEF"},
    ),
    "constants, statics, instanceof, catch and attributes": (
        {
            **{f"{name}.php": f"class {name} {{}}" for name in "ABCDE"},
            "x.php": "#[A] class X {}\nB::class; C::$x; try {} catch (D $d) {} $x instanceof E;",
        },
        {("x.php", "A.php", 1), *(("x.php", f"{name}.php", 2) for name in "BCDE")},
    ),
    "a function of the namespace before the global one": (
        {
            "f.php": "function f() {} function g() {}",
            "n.php": "namespace N; function f() {}",
            "x.php": "namespace N; f();\ng();",
        },
        {("x.php", "n.php", 1), ("x.php", "f.php", 2)},
    ),
    "a function that is used": (
        {"f.php": "namespace N; function f() {}", "x.php": "use function N\\f;\nf();"},
        {("x.php", "f.php", 1), ("x.php", "f.php", 2)},
    ),
    "two namespaces of one file": (
        {**MODEL, "x.php": "namespace B { new Model; }\nnamespace App { new Model; }"},
        {("x.php", "m.php", 2)},
    ),
    "paths from the file's folder": (
        {
            "lib/a.php": "",
            "b.php": "",
            "bin/x.php": "require __DIR__ . '/../lib/a.php';\n"
            "require_once(dirname(__DIR__) . '/b.php');\n"
            "include dirname(dirname(__FILE__)) . '/b.php';",
        },
        {
            ("bin/x.php", "lib/a.php", 1),
            ("bin/x.php", "b.php", 2),
            ("bin/x.php", "b.php", 3),
        },
    ),
    "a path beside the file before one from the top": (
        {"a.php": "", "d/a.php": "", "b.php": "", "d/x.php": "include 'a.php';\ninclude 'b.php';"},
        {("d/x.php", "d/a.php", 1), ("d/x.php", "b.php", 2)},
    ),
    "no path that is put together": (
        {"a.php": "", "x.php": "include __DIR__ . \"/$name\"; include $dir . 'a.php';"},
        set(),
    ),
    "of two files that declare a class the nearer": (
        {
            "a/m.php": "class M {}",
            "b/m.php": "class M {}",
            "b/x.php": "new M;",
        },
        {("b/x.php", "b/m.php", 1)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_name_leads_to(case):
    sources, expected = CASES[case]

    found = resolve(sources)

    assert found.edges == expected
    assert found.lost == []


def test_of_two_files_that_declare_a_class_the_one_it_is_loaded_from_is_meant():
    sources = {
        "src/Sub/M.php": "namespace A\\Sub; class M {}",
        "near/M.php": "namespace A\\Sub; class M {}",
        "near/x.php": "new \\A\\Sub\\M;",
    }
    manifests = {"manifest.composer_json": {"composer.json": {"autoload": [["A\\", "src", False]]}}}

    assert resolve(sources, manifests).edges == {("near/x.php", "src/Sub/M.php", 1)}


def test_what_must_lie_in_the_repository_and_does_not_is_lost():
    found = resolve(
        {
            **MODEL,
            "x.php": "use App\\Model, App\\Gone, Else\\Where;\nrequire __DIR__ . '/gone.php';",
        }
    )

    assert found.inside == 3
    assert found.lost == [("x.php", 1), ("x.php", 2)]


def test_programs_addresses_and_stored_data_are_marked():
    source = b"""#!/usr/bin/env php
<?php
use Illuminate\\Database\\Eloquent\\Model;
use Symfony\\Component\\Routing\\Attribute\\Route as R;
use Doctrine\\ORM\\Mapping as ORM;
class Order extends Model {}
class Other extends Base\\Model {}
Route::get('/orders', [C::class, 'list']);
$app->post('carts', fn() => 1); $app->get('mailer');
#[R('/api')] class Web { #[R(path: '/x/')] function x() {} }
#[ORM\\Entity] class Stored {}
"""

    assert syntax.facts(source)["marks"] == [
        ("entry", "script", 1),
        ("model:eloquent", "Order", 6),
        ("route:laravel", "GET /orders", 8),
        ("route:slim", "POST /carts", 9),
        ("route:symfony", "/api/x", 10),
        ("model:doctrine", "Stored", 11),
    ]


def test_types_functions_and_methods_are_defined():
    source = (
        b"<?php class A { function f() {} }\ninterface I {}\ntrait T {}\nenum E {}\nfunction g() {}"
    )

    assert syntax.facts(source)["definitions"] == [
        ("class", "A", 1),
        ("method", "f", 1),
        ("interface", "I", 2),
        ("trait", "T", 3),
        ("enum", "E", 4),
        ("function", "g", 5),
    ]


@pytest.mark.parametrize(
    "source", [b"<?php use {; class extends \\ (", b"<?php namespace", b"\xff"]
)
def test_broken_text_gives_facts_all_the_same(source):
    found = syntax.facts(source)

    assert names.resolve(Sources(frozenset(["x.php"]), {"x.php": found["imports"]})).edges == set()
