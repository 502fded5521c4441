"""The map of a commit: true, whatever the repository holds, and the same however it is made."""

import os
import select
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from jobs import process
from projects.git import door, reading
from projects.mapping import build, extraction, files, readers
from projects.mapping.bounds import Bounds
from projects.maps import FactsCache
from tests.projects.origins import Origin

TOOLS = extraction.Tools()


def mapped(origin, commit="", tools=TOOLS, cache=None):
    """This function will map an origin's commit from scratch."""
    git_dir = door.git_dir(origin.path)
    commit = commit or reading.head(git_dir, tools.watch)
    return build.build(git_dir, commit, tools, cache or build.NoCache())


def edges_of(made):
    """This function will give (source, target, first line)."""
    return [(edge.src, edge.dst, edge.lines[0]) for edge in made.edges]


def test_files_languages_definitions_and_edges_are_found(origin):
    made = mapped(origin)

    assert edges_of(made) == [
        ("shop/urls.py", "shop/__init__.py", 2),
        ("shop/urls.py", "shop/views.py", 1),
        ("shop/views.py", "shop/models.py", 1),
    ]
    assert made.edges[2].lines == [1, 2]
    found = {file.path: file for file in made.files}
    assert found["shop/models.py"].definitions == 2
    assert found["README.md"].language == "Markdown"
    assert made.languages["Python"] == {"files": 4, "bytes": 165, "lines": 10, "share": 100.0}
    assert made.counts["skipped"] == {"binary": 1, "no extractor": 1}
    assert made.counts["files"] == made.counts["parsed"] + sum(made.counts["skipped"].values())


@pytest.mark.parametrize("package", ["django", "pip"])
def test_the_edges_of_a_real_package_are_those_of_an_independent_oracle(package, tmp_path):
    grimp = pytest.importorskip("grimp", reason="the oracle is in requirements-dev.txt")
    installed = Path(sysconfig.get_path("purelib")) / package
    origin = Origin(tmp_path / "origin")
    shutil.copytree(installed, origin.path / package, ignore=_all_but_python)
    origin.commit({})

    made = mapped(origin)

    graph = grimp.build_graph(package, cache_dir=None)
    theirs = {
        (module, target)
        for module in graph.modules
        for target in graph.find_modules_directly_imported_by(module)
        if target != module
    }
    pairs = {(_module(edge.src), _module(edge.dst)) for edge in made.edges}
    ours = {pair for pair in pairs if set(pair) <= graph.modules}
    assert len(theirs) > 1000
    assert len(ours & theirs) / len(ours) >= 0.999, sorted(ours - theirs)[:5]
    assert len(ours & theirs) / len(theirs) >= 0.999, sorted(theirs - ours)[:5]


def _all_but_python(folder, names):
    return [
        name
        for name in names
        if not name.endswith(".py") and not os.path.isdir(os.path.join(folder, name))
    ]


def _module(path):
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


@pytest.mark.django_db
def test_a_file_that_is_known_is_not_read_again(origin):
    cache = FactsCache()
    mapped(origin, cache=cache)
    blind = extraction.Tools(TOOLS.watch, _no_child)

    assert mapped(origin, cache=cache, tools=blind).counts["edges"] == 3


def _no_child(*arguments, **options):
    raise AssertionError("nothing was to be read")


def test_a_child_that_dies_loses_one_file_and_nothing_else(origin):
    """A parser that crashes is an exit nobody asked for; the child here does it at one file."""
    origin.commit({"shop/pill.py": "# poison\nimport shop.views\n"})
    pill = origin.git("rev-parse", "HEAD:shop/pill.py")

    made = mapped(origin, tools=extraction.Tools(TOOLS.watch, _start_fragile(pill)))

    assert made.skips == [("logo.png", "binary"), ("shop/pill.py", readers.CRASHED)]
    assert len(made.edges) == 3


def _start_fragile(pill):
    code = (
        "import os, sys\n"
        "from projects.mapping import extract\n"
        "from projects.mapping.languages.python import syntax\n"
        "facts = syntax.facts\n"
        "def fragile(source):\n"
        "    return os._exit(1) if b'poison' in source else facts(source)\n"
        "syntax.facts = fragile\n"
        "extract.main('--each' in sys.argv)\n"
    )

    def start(argv, **options):
        module = argv.index("-m")
        return process.start([*argv[:module], "-c", code, *argv[module + 2 :]], **options)

    return start


def test_a_reader_that_fails_loses_one_file_and_no_time(origin):
    """It was begun anew for each of them: 108 s for 727 files when a grammar was not installed."""
    code = (
        "from projects.mapping import extract\n"
        "from projects.mapping.languages.python import syntax\n"
        "facts = syntax.facts\n"
        "def failing(source):\n"
        "    assert b'poison' not in source\n"
        "    return facts(source)\n"
        "syntax.facts = failing\n"
        "extract.main(False)\n"
    )
    started = []

    def start(argv, **options):
        started.append(argv)
        return process.start([*argv[: argv.index("-m")], "-c", code], **options)

    origin.commit({f"shop/pill_{number}.py": f"# poison {number}\n" for number in range(5)})

    made = mapped(origin, tools=extraction.Tools(TOOLS.watch, start))

    assert made.counts["skipped"][readers.CRASHED] == 5
    assert len(made.edges) == 3
    assert len(started) == 1


def test_a_file_whose_facts_would_fill_the_memory_has_none(origin):
    """Such as one that nests names in names: 28 KB of it were 24 MB of facts."""
    code = (
        "from projects.mapping import extract\n"
        "from projects.mapping.languages.python import syntax\n"
        "syntax.facts = lambda source: {'imports': 'x' * (9 << 20 if b'wordy' in source else 0)}\n"
        "extract.main(False)\n"
    )

    def start(argv, **options):
        return process.start([*argv[: argv.index("-m")], "-c", code], **options)

    origin.commit({"shop/wordy.py": "# wordy\n"})

    made = mapped(origin, tools=extraction.Tools(TOOLS.watch, start))

    assert ("shop/wordy.py", "says too much") in made.skips
    assert made.counts["skipped"]["says too much"] == 1


def test_a_file_that_takes_for_ever_is_skipped(origin, monkeypatch):
    code = (
        "import sys\n"
        "from projects.mapping import extract\n"
        "from projects.mapping.languages.python import syntax\n"
        "extract.PATIENCE_S = 0.2\n"
        "facts = syntax.facts\n"
        "def slow(source):\n"
        "    while b'for ever' in source: pass\n"
        "    return facts(source)\n"
        "syntax.facts = slow\n"
        "extract.main('--each' in sys.argv)\n"
    )

    def start(argv, **options):
        module = argv.index("-m")
        return process.start([*argv[:module], "-c", code, *argv[module + 2 :]], **options)

    origin.commit({"shop/slow.py": "# for ever\n"})

    made = mapped(origin, tools=extraction.Tools(TOOLS.watch, start))

    assert ("shop/slow.py", readers.CRASHED) in made.skips
    assert len(made.edges) == 3


def test_a_missing_object_is_a_file_that_cannot_be_read(origin):
    blob = origin.git("rev-parse", "HEAD:shop/models.py")
    (origin.path / ".git/objects" / blob[:2] / blob[2:]).unlink()

    made = mapped(origin)

    assert ("shop/models.py", "missing") in made.skips
    assert edges_of(made)[:2] == [
        ("shop/urls.py", "shop/__init__.py", 2),
        ("shop/urls.py", "shop/views.py", 1),
    ]


def test_large_sources_are_counted_but_not_parsed(origin):
    origin.commit({"shop/data.py": "x = 1\n" * 200_000})

    made = mapped(origin)

    assert ("shop/data.py", "too large") in made.skips
    assert next(file.lines for file in made.files if file.path == "shop/data.py") == 200_000


def test_a_blob_that_unfolds_is_not_read_at_all(origin, monkeypatch):
    monkeypatch.setattr(files, "MAX_COUNTED", 1 << 20)
    origin.commit({"bomb.txt": b"\n" * (2 << 20)})

    made = mapped(origin)

    assert ("bomb.txt", "too large") in made.skips
    assert next(file.lines for file in made.files if file.path == "bomb.txt") == 0


HOSTILE = [
    (b"caf\xe9.py", "caf\\351.py"),
    (b"line\nbreak.py", "line\\012break.py"),
    (b"\x1b[31mred.py", "\\033[31mred.py"),
    ("a\u202egnp.py".encode(), "a\\342\\200\\256gnp.py"),
    (b'"quoted".py', '"quoted".py'),
    (b"\\351.py", "\\\\351.py"),
    ("caf\u00e9.py".encode(), "caf\u00e9.py"),
    (b"-option.py", "-option.py"),
    (b"back\\slash.py", "back\\\\slash.py"),
]


def test_names_nobody_can_print_are_escaped_and_stay_different(origin):
    blob = origin.blob(b"import os\n")
    listing = b"".join(f"100644 blob {blob}\t".encode() + name + b"\0" for name, _ in HOSTILE)
    origin.commit_tree(listing)

    made = mapped(origin)

    assert sorted(file.path for file in made.files) == sorted(shown for _, shown in HOSTILE)
    assert all(file.path.isprintable() for file in made.files)


def test_a_name_nobody_can_print_escapes_no_rule_and_no_folder(origin):
    """They began with a quote, and so with another folder: a rule saw one of four."""
    names = [b"a.py", "caf\u00a0e.py".encode(), b"\xff.py", b"new\nline.py"]
    user, plain = origin.blob(b"from src import b\n"), origin.blob(b"")
    rules = b'[[forbidden]]\nname = "no b"\nfrom = ["src/*.py"]\nto = ["src/b.py"]\n'
    listing = {b"src/" + name: user for name in names} | {b"src/b.py": plain}
    listing |= {b"src/__init__.py": plain, b".factory/rules.toml": origin.blob(rules)}
    for path, blob in listing.items():
        origin.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{os.fsdecode(path)}")
    origin.git("commit", "--quiet", "--message", "odd names")

    made = mapped(origin)

    described = made.structure
    assert described["rule_errors"] == []
    assert len(described["violations"]) == 4
    assert not [one["name"] for one in described["components"] if '"' in one["name"]]
    assert {file.component for file in made.files if file.path.startswith("src/")} == {"src"}


def test_symlinks_submodules_and_endless_names_are_left_out_with_their_reason(origin):
    link, blob = origin.blob(b"/etc/passwd"), origin.blob(b"")
    commit = origin.git("rev-parse", "HEAD")
    origin.commit_tree(
        f"120000 blob {link}\tlink.py\x00160000 commit {commit}\tvendor\x00"
        f"100644 blob {blob}\t{'n' * 1200}.py\x00".encode()
    )

    made = mapped(origin)

    assert [reason for _, reason in made.skips] == ["symlink", "name too long", "submodule"]
    assert made.counts["files"] == 3
    assert made.files == []


def test_a_file_of_zeros_and_one_of_broken_syntax_are_both_on_the_map(origin):
    origin.commit(
        {"zeros.py": b"\0" * 10, "broken.py": "import shop\ndef (:\nfrom shop import views\n"}
    )

    made = mapped(origin)

    assert ("zeros.py", "binary") in made.skips
    assert ("broken.py", "shop/views.py", 3) in edges_of(made)
    assert made.counts["broken"] == 1


def test_cycles_are_counted(origin):
    origin.commit({"shop/models.py": "import shop.views\n"})

    assert mapped(origin).counts["cycles"] == 1


def test_the_extractor_imports_no_django_and_gets_no_secret():
    code = (
        "import sys, os, projects.mapping.extract, projects.mapping.languages.python.syntax\n"
        "assert not [m for m in sys.modules if m.startswith(('django', 'git'))]\n"
        "assert 'FACTORY_SECRET_KEY' not in os.environ, 'secret'\n"
    )
    environment = extraction._child_environment()

    child = process.start([extraction.sys.executable, "-S", "-c", code], env=environment)

    assert child.wait(20) == 0
    child.stdout.close()


def test_what_is_read_is_told_although_the_rest_takes_long():
    """A dozen files of eight seconds each were taken for a reader that hangs."""
    code = (
        "from itertools import count\n"
        "from projects.mapping import extract\n"
        "extract.main(False, count(0, 5).__next__)\n"
    )
    child = process.start(
        [sys.executable, "-S", "-c", code],
        env=extraction._child_environment(),
        stdin=process.PIPE,
    )

    child.stdin.write(b"a1 blob 3 -\nx\ny\n")
    child.stdin.flush()  # nor is it over

    assert select.select([child.stdout], [], [], 30)[0]
    assert child.stdout.readline().startswith(b'a1 - {"lines":2,')
    child.stdin.close()
    assert child.wait(20) == 0
    child.stdout.close()


def test_a_map_without_python_has_no_edges(tmp_path):
    origin = Origin(tmp_path / "plain")
    origin.commit({"a.txt": "one\ntwo", "b.c": "int x;\n"})

    made = mapped(origin)

    assert list(made.edges) == []
    assert made.languages["Text"]["lines"] == 2


def test_equal_content_at_two_places_is_read_once_and_means_two_things(origin):
    source = "from . import models\n"
    origin.commit({"shop/a.py": source, "other/a.py": source, "other/models.py": ""})

    assert {("shop/a.py", "shop/models.py", 1), ("other/a.py", "other/models.py", 1)} <= set(
        edges_of(mapped(origin))
    )


def test_a_map_of_too_many_files_has_the_first_and_says_so(origin):
    made = mapped(origin, tools=extraction.Tools(TOOLS.watch, bounds=Bounds(files=3)))

    assert made.counts["files"] == 3
    assert made.counts["partial"] == ["It has more than 3 files: the later ones are missing."]
    assert mapped(origin).counts["partial"] == []


def test_a_map_of_too_many_edges_has_the_first_and_says_so(origin):
    made = mapped(origin, tools=extraction.Tools(TOOLS.watch, bounds=Bounds(edges=2)))

    assert edges_of(made) == edges_of(mapped(origin))[:2]
    assert made.counts["partial"] == ["1 edges beyond 2 are missing."]


@pytest.mark.django_db
def test_what_was_not_read_in_time_is_read_by_the_next_map(origin):
    code = (
        "import signal, sys\n"
        "from projects.mapping import extract\n"
        "from projects.mapping.languages.python import syntax\n"
        "facts = syntax.facts\n"
        "def waiting(source):\n"
        "    if b'for ever' in source:\n"
        "        sys.stdout.flush()\n"
        "        signal.pause()\n"
        "    return facts(source)\n"
        "syntax.facts = waiting\n"
        "extract.main(False)\n"
    )

    def start(argv, **options):
        return process.start([*argv[: argv.index("-m")], "-c", code], **options)

    cache = FactsCache()
    origin.commit({"shop/slow.py": "# for ever\nimport shop.views\n"})

    partial = mapped(
        origin, cache=cache, tools=extraction.Tools(TOOLS.watch, start, Bounds(read_s=1))
    )
    whole = mapped(origin, cache=cache)

    assert ("shop/slow.py", "out of time") in partial.skips
    assert ("shop/__init__.py", "out of time") not in partial.skips
    assert partial.counts["partial"][0].endswith("files were not read within 1 s; sync to go on.")
    assert whole.digest == mapped(origin).digest
