"""What C and C++ files say, and which file an include means."""

import time

import pytest

from projects.mapping.languages.c import branches, names, syntax
from projects.mapping.sources import Sources


def resolve(sources):
    """This function will resolve the includes of sources by path: (edges, what led nowhere)."""
    imports = {
        path: syntax.facts(text.encode(), "cpp")["imports"] for path, text in sources.items()
    }
    found = names.resolve(Sources(frozenset(sources), imports))
    return {(src, dst) for src, dst, _ in found.edges}, found.lost


def definitions(text, dialect="cpp"):
    """This function will give the (kind, name) that a text defines."""
    return [(kind, name) for kind, name, _ in syntax.facts(text.encode(), dialect)["definitions"]]


CASES = {
    "what lies beside comes first": (
        {"a/x.c": '#include "y.h"', "a/y.h": "", "include/y.h": ""},
        {("a/x.c", "a/y.h")},
    ),
    "a folder above that holds the rest of the way": (
        {"lib/db/x.cc": '#include "db/y.h"', "lib/db/y.h": "", "old/db/y.h": ""},
        {("lib/db/x.cc", "lib/db/y.h")},
    ),
    "a folder of headers beside": (
        {"src/x.c": "#include <p/y.h>", "include/p/y.h": "", "deps/q/include/p/y.h": ""},
        {("src/x.c", "include/p/y.h")},
    ),
    "the only file of that name": (
        {"src/x.c": "#include <y.h>", "deps/q/y.h": ""},
        {("src/x.c", "deps/q/y.h")},
    ),
    "the nearest, and of two as near the least deep": (
        {"src/a/x.c": '#include "y.h"', "src/u/y.h": "", "src/u/w/y.h": "", "deps/y.h": ""},
        {("src/a/x.c", "src/u/y.h")},
    ),
    "two as near and as deep are a guess": (
        {"src/a/x.c": '#include "y.h"', "src/u/y.h": "", "src/v/y.h": ""},
        set(),
    ),
    "what the system has": (
        {
            "x.c": "#include <string.h>\n#include <vector>",
            "compat/string.h": "",
            "compat/vector": "",
        },
        set(),
    ),
    "a system's own library": (
        {"x.c": "#include <string.h>", "include/string.h": "", "include/stdio.h": ""},
        {("x.c", "include/string.h")},
    ),
    "what is beside, asked for between angles, means another": (
        {"src/x.c": "#include <y.h>", "src/y.h": "", "deps/q/y.h": ""},
        {("src/x.c", "deps/q/y.h")},
    ),
    "a climb": (
        {"a/b/x.c": '#include "../y.h"', "a/y.h": "", "y.h": ""},
        {("a/b/x.c", "a/y.h")},
    ),
    "comments and strings hold none": (
        {
            "x.c": '// #include "y.h"\n/*\n#include "y.h"\n*/\nchar *s = "\\\n#include \\"y.h\\"";',
            "y.h": "",
        },
        set(),
    ),
    "a comment and spaces inside": (
        {"x.c": ' #  include /* b */ "y.h"', "y.h": ""},
        {("x.c", "y.h")},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_include_means(name):
    sources, edges = CASES[name]

    assert resolve(sources)[0] == edges


def test_only_what_names_a_folder_of_the_repository_is_lost():
    text = '#include "gone.h"\n#include "gtest/g.h"\n#include "db/gone.h"\n#include "../gone.h"\n'

    assert resolve({"src/x.c": text, "src/db/y.h": ""})[1] == [("src/x.c", 3), ("src/x.c", 4)]


def test_the_line_of_an_include_is_told():
    told = syntax.facts(b'/* one\ntwo */\n#include <a.h>\n\n  #include "b.h"\n', "c")

    assert told["imports"] == [("<", "a.h", 3), ('"', "b.h", 5)]


def test_definitions_are_named_without_what_surrounds_them():
    text = """
namespace a::b { class X : Y { int f() { return 1; } ~X() {} operator bool() const { return 1; }
                 X(const X&) = delete; int declared(); }; }
int *&X<T>::g(int a) const { return 0; }
using Z = int; typedef int (*fp)(int); typedef struct { int a; } S, *P; enum class E { A };
struct Declared;
#define M(x) x
"""
    kinds = definitions(text)

    assert set(kinds) == {
        *(("function", name) for name in ("f", "~X", "operator bool", "g")),
        *(("typedef", name) for name in ("Z", "fp", "S", "P")),
        *(("class", "X"), ("namespace", "b"), ("enum", "E"), ("macro", "M")),
    }


@pytest.mark.parametrize(
    "text",
    [
        "class EXPORT_API X : public Y { void f() { g(); } };",
        "class X { void f() LOCKS_EXCLUDED(m_) { g(); } };",
        "BEGIN_NAMESPACE\nclass X { void f() { g(); } };\nEND_NAMESPACE",
    ],
)
def test_a_macro_hides_nothing_behind_it(text):
    assert definitions(text) == [("class", "X"), ("function", "f")]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("int f(void);\n", None),
        ("class X { public: int y; };\n", "C++"),
        ("@interface X\n@end\n", "Objective-C"),
    ],
)
def test_a_header_says_itself_what_it_is_written_in(text, language):
    assert syntax.facts(text.encode(), "header").get("language") == language


def test_a_program_can_be_started_at_main():
    assert syntax.facts(b"\nint main(void) { return 0; }", "c")["marks"] == [("entry", "main", 2)]


SHARED = """
#if A
void one(void)
{
#if B && \\
  C
  if(x) {
#else
  if(y) {
#endif
  }
}
#elif D
void two(void)
{
#ifdef E
  for(;;)
#endif
  {
#if 0
  }
#else
    go();
  }
#endif
}
void three(void) { }
#endif
"""


def test_a_brace_that_two_branches_share_hides_nothing_behind_it():
    assert definitions(SHARED, "c") == [
        ("function", "one"),
        ("function", "two"),
        ("function", "three"),
    ]


def test_one_branch_of_a_condition_in_a_body_is_kept_and_lines_keep_their_numbers():
    kept = branches.first(SHARED.encode()).decode().split("\n")

    assert [line.strip() for line in kept[3:10]] == ["{", "", "", "if(x) {", "", "", ""]
    assert "    go();" in kept
    assert len(kept) == SHARED.count("\n") + 1


@pytest.mark.parametrize("text", ["#endif\n#else\n#elif x\nint a;", "#if\n" * 50, "}}}\n#if 0\n{"])
def test_conditions_that_do_not_match_do_no_harm(text):
    assert branches.first(text.encode()).count(b"\n") == text.count("\n")


def test_macros_with_arguments_are_defined_wherever_they_stand():
    text = "/*\n#define NO(x) x\n*/\n{ (\n#define YES(a, \\\n  b) a\n#define PLAIN 1\n"

    assert syntax.facts(text.encode(), "c")["definitions"] == [("macro", "YES", 5)]


def test_code_only_macros_make_whole_is_not_broken():
    assert not syntax.facts(b"BEGIN(x)\n  int y = LIST(;\nint f() { return 1; }", "c")["broken"]
    assert syntax.facts(b"}}} ((((", "c")["broken"]


@pytest.mark.parametrize(
    "bomb",
    [b"/*" * 400_000, b"\n" * 900_000, b"class AA x " * 9_999, b"#include" + b"/**/" * 9999],
)
def test_no_text_takes_long_to_read(bomb):
    began = time.process_time()

    syntax.facts(bomb, "header")

    assert time.process_time() - began < 5  # half of what the child is given; seen: 0.6


def test_of_very_many_headers_of_one_name_none_is_the_nearest():
    """To rank 2,000 for each of 100,000 includes took the job longer than it may."""
    headers = {f"d{number}/e/a.h": "" for number in range(names._MOST_ALIKE + 1)}

    edges, _ = resolve({"src/x.c": '#include "e/a.h"', "d7/y.c": '#include "e/a.h"', **headers})

    assert edges == {("d7/y.c", "d7/e/a.h")}
