"""Which file a Python import means."""

import pytest

from projects.mapping.languages.python import names, syntax
from projects.mapping.sources import Sources


def resolve(sources):
    """This function will resolve the imports of sources by path: (edges, what led nowhere)."""
    imports = {path: syntax.facts(text.encode())["imports"] for path, text in sources.items()}
    found = names.resolve(Sources(frozenset(sources), imports))
    return {(src, dst) for src, dst, _ in found.edges}, found.lost


CASES = {
    "a module before its package": (
        {"p/__init__.py": "", "p/a.py": "", "x.py": "from p import a"},
        {("x.py", "p/a.py")},
    ),
    "a name that is no module": (
        {"p/__init__.py": "", "x.py": "from p import thing"},
        {("x.py", "p/__init__.py")},
    ),
    "several names": (
        {"p/__init__.py": "", "p/a.py": "", "x.py": "from p import (a as b, c)"},
        {("x.py", "p/a.py"), ("x.py", "p/__init__.py")},
    ),
    "a star": (
        {"p/__init__.py": "", "x.py": "from p import *"},
        {("x.py", "p/__init__.py")},
    ),
    "a dotted import": (
        {"p/__init__.py": "", "p/a.py": "", "x.py": "import os, p.a as q"},
        {("x.py", "p/a.py")},
    ),
    "a package before a module of that name": (
        {"p.py": "", "p/__init__.py": "", "x.py": "import p"},
        {("x.py", "p/__init__.py")},
    ),
    "a stub only where there is no source": (
        {
            "p/__init__.py": "",
            "p/a.pyi": "",
            "p/b.pyi": "",
            "p/b.py": "",
            "p/x.py": "from p import a, b",
        },
        {("p/x.py", "p/a.pyi"), ("p/x.py", "p/b.py")},
    ),
    "relative, one and two levels": (
        {
            "p/__init__.py": "",
            "p/a.py": "",
            "p/q/__init__.py": "",
            "p/q/x.py": "from .. import a\nfrom . import x",
        },
        {("p/q/x.py", "p/a.py")},
    ),
    "relative from the package itself": (
        {"p/__init__.py": "from .a import b", "p/a.py": ""},
        {("p/__init__.py", "p/a.py")},
    ),
    "a src layout": (
        {"src/p/__init__.py": "", "src/p/a.py": "", "tests/test_a.py": "from p.a import b"},
        {("tests/test_a.py", "src/p/a.py")},
    ),
    "a single module under src": (
        {"src/six.py": "", "tests/test_six.py": "import six"},
        {("tests/test_six.py", "src/six.py")},
    ),
    "a namespace package over two roots": (
        {
            "one/ns/a/__init__.py": "",
            "two/ns/b/__init__.py": "",
            "one/ns/a/x.py": "import ns.a\nfrom . import y",
            "one/ns/a/y.py": "",
        },
        {("one/ns/a/x.py", "one/ns/a/y.py"), ("one/ns/a/x.py", "one/ns/a/__init__.py")},
    ),
    "a namespace package at the top": (
        {"ns/a.py": "", "x.py": "from ns import a\nimport ns.a"},
        {("x.py", "ns/a.py")},
    ),
    "a script's neighbour": (
        {"tools/run.py": "import helper", "tools/helper.py": ""},
        {("tools/run.py", "tools/helper.py")},
    ),
    "a package's module does not see its neighbour without a dot": (
        {"p/__init__.py": "", "p/run.py": "import helper", "p/helper.py": ""},
        set(),
    ),
    "Python's own library before another root's package": (
        {"tests/types/__init__.py": "", "p/__init__.py": "", "p/x.py": "import types"},
        set(),
    ),
    "inside a function and under TYPE_CHECKING": (
        {"a.py": "", "b.py": "", "x.py": "def f():\n    import a\nif TYPE_CHECKING:\n    import b"},
        {("x.py", "a.py"), ("x.py", "b.py")},
    ),
    "a line that goes on": (
        {"p/__init__.py": "", "p/a.py": "", "x.py": "import p \\\n  .a"},
        {("x.py", "p/a.py")},
    ),
    "the nearest of two that have the name": (
        {"one/util.py": "", "two/util.py": "", "two/x.py": "import util"},
        {("two/x.py", "two/util.py")},
    ),
    "a file that imports itself": ({"x.py": "import x"}, set()),
    "text in a string": ({"a.py": "", "x.py": "s = '''\nimport a\n'''"}, set()),
}


@pytest.mark.parametrize("case", CASES)
def test_an_import_means_the_file_python_would_load(case):
    sources, expected = CASES[case]

    edges, lost = resolve(sources)

    assert edges == expected
    assert lost == []


def test_relative_imports_that_lead_nowhere_are_counted():
    edges, lost = resolve({"p/__init__.py": "from .gone import x\n", "p/a.py": "from ... import y"})

    assert edges == set()
    assert lost == [("p/__init__.py", 1), ("p/a.py", 1)]


def test_definitions_have_a_kind_a_name_and_a_line():
    source = b"class A:\n    async def m(self): ...\n\n@d\ndef f(): ...\n"

    assert syntax.facts(source)["definitions"] == [
        ("class", "A", 1),
        ("function", "m", 2),
        ("function", "f", 5),
    ]


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\xff\xfe",
        b"import",
        b"from . import",
        b"import a..b",
        b"from x import (",
        b"(" * 5000,
    ],
)
def test_broken_text_gives_facts_and_no_invented_import(source):
    facts = syntax.facts(source)

    assert all(
        part.isidentifier() for one in facts["imports"] for part in one[1].split(".") if part
    )
