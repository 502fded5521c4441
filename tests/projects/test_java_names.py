"""Which file the name of a Java type means, and what else a Java file says."""

import pytest

from projects.mapping.languages.java import names, syntax
from projects.mapping.sources import Sources


def resolve(sources):
    """This function will resolve the names in sources by path: (edges with line, lost)."""
    said = {path: syntax.facts(text.encode())["imports"] for path, text in sources.items()}
    found = names.resolve(Sources(frozenset(sources), said))
    return found.edges, found.lost


CASES = {
    "an import": (
        {"p/A.java": "package p; public class A {}", "X.java": "import p.A;\nclass X {}"},
        {("X.java", "p/A.java", 1)},
    ),
    "an import and each body that uses it": (
        {
            "p/A.java": "package p; class A {}",
            "X.java": "import p.A;\nclass X {\nA a; A b;\nA c; }",
        },
        {("X.java", "p/A.java", 1), ("X.java", "p/A.java", 3)},
    ),
    "a type of the same package, wherever it lies": (
        {"main/A.java": "package p; class A {}", "t/X.java": "package p;\nclass X extends A {}"},
        {("t/X.java", "main/A.java", 2)},
    ),
    "no type of another package without import": (
        {"p/A.java": "package p; class A {}", "q/X.java": "package q; class X { A a; }"},
        set(),
    ),
    "an import of all of a package": (
        {"p/A.java": "package p; class A {}", "X.java": "import p.*;\nclass X { A a; }"},
        {("X.java", "p/A.java", 2)},
    ),
    "an import from elsewhere hides the type beside": (
        {"A.java": "class A {}", "X.java": "import java.util.A; class X { A a; }"},
        set(),
    ),
    "a static import of a member": (
        {
            "p/A.java": "package p; class A { static int n; }",
            "X.java": "import static p.A.n;\nclass X {}",
        },
        {("X.java", "p/A.java", 1)},
    ),
    "a static import of all members": (
        {
            "p/A.java": "package p; class A { static class In {} }",
            "X.java": "import static p.A.*;\nclass X {\nIn i; }",
        },
        {("X.java", "p/A.java", 1), ("X.java", "p/A.java", 3)},
    ),
    "a full name": (
        {"p/q/A.java": "package p.q; class A {}", "X.java": "class X { int n = p.q.A.n(); }"},
        {("X.java", "p/q/A.java", 1)},
    ),
    "a member type that is inherited": (
        {
            "B.java": "class B { static class In {} }",
            "X.java": "class X extends B {\nIn i; }",
        },
        {("X.java", "B.java", 1), ("X.java", "B.java", 2)},
    ),
    "a member type inherited into an anonymous class": (
        {
            "B.java": "class B { class In {} }",
            "In.java": "class In {}",
            "X.java": "class X { B b =\nnew B() {\nIn i; }; In j; }",
        },
        {("X.java", "B.java", 1), ("X.java", "B.java", 3), ("X.java", "In.java", 3)},
    ),
    "a member type of a member type's parent": (
        {
            "B.java": "class B { class In {} }",
            "A.java": "class A { static class Up extends B {} }",
            "X.java": "class X {\nA.Up.In i; }",
        },
        {("A.java", "B.java", 1), ("X.java", "A.java", 2), ("X.java", "B.java", 2)},
    ),
    "an expression": (
        {"A.java": "class A {}", "X.java": "class X { int n = A.f().g; Object o = A::new; }"},
        {("X.java", "A.java", 1)},
    ),
    "no variable of a type's name": (
        {"a.java": "class a {}", "X.java": "class X { void f(int a) { a.b(); a.c.d(); } }"},
        set(),
    ),
    "no type parameter of a type's name": (
        {"T.java": "class T {}", "X.java": "class X<T> { T t; } class Y { <T> T f() {} }"},
        set(),
    ),
    "an annotation and its value": (
        {"N.java": "@interface N {}", "C.java": "class C {}", "X.java": "@N(C.c) class X {}"},
        {("X.java", "N.java", 1), ("X.java", "C.java", 1)},
    ),
    "generics, arrays, casts and tests of type": (
        {
            **{f"{name}.java": f"class {name} {{}}" for name in "ABCD"},
            "X.java": "class X { Map<A, ? extends B[]> m = (C) o; boolean b = o instanceof D; }",
        },
        {("X.java", f"{name}.java", 1) for name in "ABCD"},
    ),
    "the header of a record": (
        {"B.java": "interface B {}", "X.java": "record X(\nB b) {}"},
        {("X.java", "B.java", 2)},
    ),
    "what a module offers": (
        {
            "p/A.java": "package p; class A {}",
            "module-info.java": "module m { uses p.A; provides x.Y with p.A; }",
        },
        {("module-info.java", "p/A.java", 1)},
    ),
    "of two types of one name the one in the same source root": (
        {
            "a/src/p/A.java": "package p; class A {}",
            "b/src/p/A.java": "package p; class A {}",
            "b/src/p/X.java": "package p; class X { A a; }",
        },
        {("b/src/p/X.java", "b/src/p/A.java", 1)},
    ),
    "of two types of one name the one in the same module": (
        {
            "a/main/p/A.java": "package p; class A {}",
            "b/main/p/A.java": "package p; class A {}",
            "b/test/p/X.java": "package p; class X { A a; }",
        },
        {("b/test/p/X.java", "b/main/p/A.java", 1)},
    ),
    "a type that inherits from itself": (
        {"A.java": "class A extends B {}", "B.java": "class B extends A { Gone g; }"},
        {("A.java", "B.java", 1), ("B.java", "A.java", 1)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_name_leads_to(case):
    sources, expected = CASES[case]

    edges, lost = resolve(sources)

    assert edges == expected
    assert lost == []


def test_an_import_from_a_package_of_the_repository_must_lead_somewhere():
    sources = {"p/A.java": "package p; class A {}", "X.java": "import p.A;\nimport p.Gone;\n"}

    said = {path: syntax.facts(text.encode())["imports"] for path, text in sources.items()}
    found = names.resolve(Sources(frozenset(sources), said))

    assert found.inside == 2
    assert found.lost == [("X.java", 2)]


def test_an_endless_line_of_ancestors_is_followed_for_a_while():
    chain = {
        f"C{at}.java": f"class C{at} extends C{at + 1}.In {{ class In extends C{at + 2}.In {{}} Gone g; }}"
        for at in range(300)
    }

    edges, _ = resolve(chain)

    assert ("C0.java", "C1.java", 1) in edges


def test_programs_addresses_and_stored_data_are_marked():
    source = """
    @Entity class Order { public static void main(String[] args) {} void main() {} }
    @RestController @RequestMapping("/api/")
    class Web {
        @GetMapping("/orders") void list() {}
        @RequestMapping(method = POST, path = {"/orders", "/old"}) void add() {}
        @PostMapping void bare() {}
    }
    class Rest { @Path("x") void x() {} }
    """

    assert syntax.facts(source.encode())["marks"] == [
        ("entry", "main", 2),
        ("model:jakarta persistence", "Order", 2),
        ("route:spring", "GET /api/orders", 5),
        ("route:spring", "/api/orders", 6),
        ("route:spring", "POST /api", 7),
        ("route:jakarta rest", "/x", 9),
    ]


def test_types_and_methods_are_defined():
    source = (
        b"class A { A() {} int f() {} }\nenum E { ONE }\n@interface N { int n(); }\nrecord R() {}"
    )

    assert syntax.facts(source)["definitions"] == [
        ("class", "A", 1),
        ("method", "A", 1),
        ("method", "f", 1),
        ("enum", "E", 2),
        ("annotation", "N", 3),
        ("method", "n", 3),
        ("record", "R", 4),
    ]


@pytest.mark.parametrize(
    "source",
    [b"class { import p.; @ ( < . }", b"import ;package ;class A extends", b"a.b.\xff\xfe.c", b""],
)
def test_broken_text_gives_facts_all_the_same(source):
    found = syntax.facts(source)

    names.resolve(Sources(frozenset(["X.java"]), {"X.java": found["imports"]}))
