"""Which files the name of a C# type means, and what else a C# file says."""

import json

import pytest

from projects.mapping.languages.csharp import names, syntax
from projects.mapping.sources import Sources


def resolve(sources, manifests=None):
    """This function will resolve the names in sources by path."""
    said = {
        path: syntax.facts(text.encode())["imports"]
        for path, text in sources.items()
        if path.endswith(".cs")
    }
    return names.resolve(Sources(frozenset(sources), said, {"manifest.csproj": manifests or {}}))


SHOP = {"Cart.cs": "namespace Shop { public class Cart { public class Line {} } }"}
CASES = {
    "a using": (
        {**SHOP, "X.cs": "using Shop;\nclass X { Cart c; }"},
        {("X.cs", "Cart.cs", 2)},
    ),
    "a namespace of the file, and its using": (
        {**SHOP, "X.cs": "namespace N;\nusing Shop;\nclass X { Cart c; }"},
        {("X.cs", "Cart.cs", 3)},
    ),
    "a namespace around": (
        {**SHOP, "X.cs": "namespace Shop.Web.Pages { class X : Cart {} }"},
        {("X.cs", "Cart.cs", 1)},
    ),
    "no namespace inside": (
        {
            "Cart.cs": "namespace Shop.Core { class Cart {} }",
            "X.cs": "namespace Shop; class X { Cart c; }",
        },
        set(),
    ),
    "a using relative to the namespace around": (
        {
            "Cart.cs": "namespace Shop.Core { class Cart {} }",
            "X.cs": "namespace Shop { using Core; class X { Cart c; } }",
        },
        {("X.cs", "Cart.cs", 1)},
    ),
    "a namespace before a using": (
        {
            "A.cs": "namespace N { class Cart {} }",
            **SHOP,
            "X.cs": "using Shop; namespace N { class X { Cart c; } }",
        },
        {("X.cs", "A.cs", 1)},
    ),
    "an alias, a static using and a full name": (
        {
            **SHOP,
            "X.cs": "using C = Shop.Cart;\nusing static Shop.Cart;\n"
            "class X {\nC c;\nLine l;\nobject o = new global::Shop.Cart();\nShop.Cart.Line m; }",
        },
        {("X.cs", "Cart.cs", line) for line in (1, 2, 4, 5, 6, 7)},
    ),
    "an alias of something else hides what a using shows": (
        {**SHOP, "X.cs": "using Cart = Other.Thing;\nusing Shop;\nclass X { Cart c; }"},
        set(),
    ),
    "generics by their number of arguments": (
        {
            "A.cs": "class A {}",
            "A1.cs": "class A<T> {}",
            "X.cs": "class X {\nA a;\nA<int> b;\nobject o = typeof(A<>); }",
        },
        {("X.cs", "A.cs", 2), ("X.cs", "A1.cs", 3)},
    ),
    "attributes without their last word": (
        {"A.cs": "class FastAttribute {}", "X.cs": "[Fast] class X {}"},
        {("X.cs", "A.cs", 1)},
    ),
    "all parts of a type": (
        {
            "A.cs": "partial class A {}",
            "A.More.cs": "partial class A {}",
            "X.cs": "class X { A a; }",
        },
        {("X.cs", "A.cs", 1), ("X.cs", "A.More.cs", 1)},
    ),
    "types that are inherited": (
        {
            "B.cs": "class B { public enum Kind {} }",
            "X.cs": "class X : B {\nKind k; }",
        },
        {("X.cs", "B.cs", 1), ("X.cs", "B.cs", 2)},
    ),
    "members, casts, patterns and calls": (
        {
            **{f"{name}.cs": f"class {name} {{}}" for name in "ABCDEF"},
            "X.cs": "class X { void F() { A.G(); var b = (B)o; if (o is C c) {} throw new D(); H<E>();"
            " nameof(F); } }",
        },
        {("X.cs", f"{name}.cs", 1) for name in "ABCDEF"},
    ),
    "a variable, a parameter or an inherited property is no type": (
        {
            **{f"{name}.cs": f"class {name} {{}}" for name in "ABC"},
            "Base.cs": "class Base { protected string C { get; } }",
            "X.cs": "class X : Base { void F(string A) { var B = 1; A.G(); B.G(); C.G(); } }",
        },
        {("X.cs", "Base.cs", 1)},
    ),
    "a property called like its type": (
        {
            "Kind.cs": "enum Kind { One }",
            "X.cs": "class X { Kind Kind { get; }\nvoid F() { G(Kind.One); } }",
        },
        {("X.cs", "Kind.cs", 1), ("X.cs", "Kind.cs", 2)},
    ),
    "no type parameter": ({"T.cs": "class T {}", "X.cs": "class X<T> { T t; }"}, set()),
    "a file cut to pieces by its directives": (
        {
            **SHOP,
            "X.cs": "using Shop;\nclass X {\n#if A\nvoid F(Cart c)\n#else\nvoid F(Cart c, int i)\n#endif\n{ } }",
        },
        {("X.cs", "Cart.cs", 4)},
    ),
    "a type that inherits from itself": (
        {"A.cs": "class A : B {}", "B.cs": "class B : A { Gone g; }"},
        {("A.cs", "B.cs", 1), ("B.cs", "A.cs", 1)},
    ),
    "of two types of one name the nearer": (
        {
            "a/M.cs": "class M {}",
            "b/M.cs": "class M {}",
            "b/X.cs": "class X { M m; }",
        },
        {("b/X.cs", "b/M.cs", 1)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_name_leads_to(case):
    sources, expected = CASES[case]

    found = resolve(sources)

    assert set(found.edges) == expected
    assert found.lost == []


def test_what_a_project_uses_all_its_files_see_and_no_others():
    sources = {
        **SHOP,
        "Tax.cs": "namespace Law { class Tax {} }",
        "web/Web.csproj": "",
        "web/Global.cs": "global using Shop;",
        "web/X.cs": "class X { Cart c; Tax t; }",
        "other/X.cs": "class X { Cart c; Tax t; }",
    }
    manifests = {"web/Web.csproj": {"usings": [["Law", "", False, 1]]}}

    found = resolve(sources, manifests)

    assert set(found.edges) == {("web/X.cs", "Cart.cs", 1), ("web/X.cs", "Tax.cs", 1)}


def test_an_alias_into_a_namespace_of_the_repository_must_lead_somewhere():
    found = resolve({**SHOP, "X.cs": "using A = Shop.Cart;\nusing B = Shop.Gone;"})

    assert found.inside == 2
    assert found.lost == [("X.cs", 2)]


def test_an_endless_line_of_ancestors_is_followed_for_a_while():
    chain = {
        f"C{at}.cs": f"class C{at} : C{at + 1}.In {{ class In : C{at + 2}.In {{}} Gone g; }}"
        for at in range(300)
    }

    edges = resolve(chain).edges

    assert ("C0.cs", "C1.cs", 1) in edges


def test_programs_addresses_and_stored_data_are_marked():
    source = b"""
    [Route("api/[controller]")] class OrdersController {
        [HttpGet("{id}")] object Get() => 1;
        [HttpPost] object Add() => 1;
        static void Main() {}
    }
    class Db : DbContext { public DbSet<Order> Orders { get; set; } }
    class Start { void F() { app.MapGet("/health", () => 1); } }
    """

    assert syntax.facts(source)["marks"] == [
        ("route:asp.net core", "GET /api/Orders/{id}", 3),
        ("route:asp.net core", "POST /api/Orders", 4),
        ("entry", "Main", 5),
        ("model:entity framework", "Order", 7),
        ("route:asp.net core", "GET /health", 8),
    ]
    assert syntax.facts(b"using System;\nConsole.WriteLine();\n")["marks"] == [
        ("entry", "top-level statements", 2)
    ]


def test_types_and_methods_are_defined():
    source = (
        b"class A { A() {} int F() { void G() {} } }\nstruct S {}\ninterface I {}\nenum E { One }\n"
    )

    assert syntax.facts(source + b"record R();\ndelegate void D();")["definitions"] == [
        ("class", "A", 1),
        ("method", "A", 1),
        ("method", "F", 1),
        ("method", "G", 1),
        ("struct", "S", 2),
        ("interface", "I", 3),
        ("enum", "E", 4),
        ("record", "R", 5),
        ("delegate", "D", 6),
    ]


HOSTILE = [
    b"namespace " + b"a." * 2_000 + b"b;",
    b"class { using ; [ ( < . }",
    b"#if\n#if\n#else\nclass",
    b"\xff\xfe",
    b"",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_broken_text_gives_facts_all_the_same(source):
    found = syntax.facts(source)

    assert names.resolve(Sources(frozenset(["X.cs"]), {"X.cs": found["imports"]})).lost == []


def test_namespaces_a_thousand_deep_do_not_fill_the_memory():
    said = syntax.facts(b"namespace A{" * 2000 + b"}" * 2000)

    assert len(json.dumps(said)) < 2_000_000
