"""M3: the map made from kept facts is, byte for byte, the one made from nothing."""

import random

import pytest

from projects.git import door, reading
from projects.mapping import build, extraction
from projects.maps import FactsCache

TOOLS = extraction.Tools()
NAMES = [f"{folder}/{name}" for folder in ("shop", "web", "core") for name in "abcd"]
SOURCES = {
    ".py": "from shop.{one} import x\nfrom . import {other}\n\ndef {name}(): ...\n",
    ".ts": 'import {{ x }} from "./{one}";\nimport y from "@web/{other}";\nexport class {name} {{}}\n',
    ".go": 'package p\n\nimport "example.org/m/{one}"\n\nfunc {name}() {{}}\n',
}
MANIFESTS = {
    "go.mod": ["module example.org/m\n", "module example.org/other\n"],
    "tsconfig.json": [
        '{"compilerOptions": {"baseUrl": ".", "paths": {"@web/*": ["web/*"]}}}',
        '{"compilerOptions": {"baseUrl": ".", "paths": {"@web/*": ["core/*"]}}}',
    ],
    "package.json": ['{"name": "one"}', '{"name": "two", "workspaces": ["web"]}', "{broken"],
}


class Memory(build.NoCache):
    """Facts in memory, as the database keeps them."""

    def __init__(self):
        self.kept = {}

    def known(self, wanted):
        """This method will say what it has."""
        return self.kept.keys() & wanted

    def load(self, known):
        """This method will give the facts it has."""
        return ((*key, *self.kept[key]) for key in known)

    def save(self, found):
        """This method will keep facts."""
        self.kept.update({(blob, key): (head, said) for blob, key, head, said, _ in found})


def assert_equal_maps(git_dir, commits, cache):
    """This function will compare the map from kept facts with the full one, commit by commit."""
    for commit in commits:
        incremental = build.build(git_dir, commit, TOOLS, cache)
        full = build.build(git_dir, commit, TOOLS, build.NoCache())
        assert incremental.digest == full.digest, commit
        assert incremental.document() == full.document(), commit
        assert incremental.counts == full.counts, commit


def _edit(rng, origin):
    """One random change of a kind that real histories have."""
    there = [name for name in origin.git("ls-files").splitlines() if name.endswith(tuple(SOURCES))]
    kind = rng.choice(["write", "write", "rename", "mode", "link", "module", "manifest", "remove"])
    if kind == "write" or not there:
        name, suffix = rng.choice(NAMES), rng.choice([*SOURCES])
        one, other = (rng.choice(NAMES).rpartition("/")[2] for _ in "12")
        text = SOURCES[suffix].format(one=one, other=other, name=f"f{rng.randrange(9)}")
        path = origin.path / f"{name}{suffix}"
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)
    elif kind == "rename":
        target = f"{rng.choice(NAMES)}_{rng.randrange(9)}" + rng.choice([*SOURCES])
        (origin.path / target).parent.mkdir(exist_ok=True)
        origin.git("mv", "--force", rng.choice(there), target)
    elif kind == "mode":
        (origin.path / rng.choice(there)).chmod(rng.choice([0o644, 0o755]))
    elif kind == "link":
        path = origin.path / rng.choice(there)
        path.unlink()
        path.symlink_to(rng.choice(["../shop/a.py", "/etc/passwd", "nowhere"]))
    elif kind == "module":
        origin.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendored/m")
    elif kind == "manifest":
        name = rng.choice([*MANIFESTS])
        (origin.path / name).write_text(rng.choice(MANIFESTS[name]))
    else:
        (origin.path / rng.choice(there)).unlink()
    origin.git("add", "--all", "--force", "shop", "web", "core", ".", ":!vendored")
    origin.git("commit", "--quiet", "--allow-empty", "--message", kind)
    return origin.git("rev-parse", "HEAD")


def test_made_up_histories_give_equal_maps_however_they_are_made(origin):
    """With renames, links, modes, modules, a branch that is deleted and one pushed by force."""
    rng = random.Random(20)  # noqa: S311 — the same history each time
    for folder in ("shop", "web", "core"):
        origin.commit({f"{folder}/a.py": "", f"{folder}/a.ts": "", f"{folder}/a.go": "package p\n"})
    base = origin.git("rev-parse", "HEAD")
    commits = [base, *(_edit(rng, origin) for _ in range(6))]
    origin.git("checkout", "--quiet", "--force", "-b", "side", base)
    commits += [_edit(rng, origin) for _ in range(3)]
    origin.git("checkout", "--quiet", "--force", "main")
    origin.git("branch", "--quiet", "-D", "side")
    origin.git("reset", "--quiet", "--hard", base)  # what a push by force leaves
    commits += [_edit(rng, origin) for _ in range(3)]

    assert_equal_maps(origin.path / ".git", commits, Memory())


def test_facts_that_are_pruned_while_a_map_is_made_are_read_again(origin):
    """They were said to be known and then were not there: their files counted as out of time."""
    cache, head = Memory(), origin.git("rev-parse", "HEAD")
    first = build.build(origin.path / ".git", head, TOOLS, cache)
    whole = cache.load
    cache.load = lambda known: whole(set(sorted(known)[1:]))

    again = build.build(origin.path / ".git", head, TOOLS, cache)

    assert again.digest == first.digest
    assert "out of time" not in again.counts["skipped"]


@pytest.mark.django_db
def test_the_database_gives_facts_back_as_they_were(origin):
    commits = [
        origin.git("rev-parse", "HEAD"),
        origin.commit({"shop/views.py": "from . import models\n", "go.mod": "module m\n"}),
        origin.commit(
            {"web/caf\u00e9.ts": 'import "./\\u0000\\ud800";\nconst x = "\U0001f600";\n'}
        ),
        origin.commit({"shop/urls.py": "broken (((\nfrom .models import x\n"}),
    ]

    assert_equal_maps(door.git_dir(origin.path), commits, FactsCache())
    assert reading.head(door.git_dir(origin.path), TOOLS.watch) == commits[-1]
