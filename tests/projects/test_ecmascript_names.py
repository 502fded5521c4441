"""Which file an import of JavaScript or TypeScript means."""

import json

import pytest

from projects.mapping import catalogue, readers
from projects.mapping.languages.ecmascript import names, syntax
from projects.mapping.sources import Sources


def resolve(sources):
    """This function will resolve the imports of sources by path: (edges, what led nowhere)."""
    imports, manifests = {}, {}
    for path, text in sources.items():
        key = readers.key_of(path, catalogue.language_of(path))
        said = readers.reader(key)(text.encode()) if key else {}
        if readers.is_manifest(key):
            manifests.setdefault(key, {})[path] = said["manifest"]
        elif key:
            imports[path] = said["imports"]
    found = names.resolve(Sources(frozenset(sources), imports, manifests))
    return {(src, dst) for src, dst, _ in found.edges}, found.lost


def package(name="", **said):
    """This function will write a package.json."""
    return json.dumps({"name": name, **said})


CASES = {
    "the source of the script that is named": (
        {"x.ts": "import './a.js'; import './b.mjs'", "a.ts": "", "b.mts": ""},
        {("x.ts", "a.ts"), ("x.ts", "b.mts")},
    ),
    "an ending that is left away": (
        {"x.js": "import a from './a'; import './b.service'", "a.jsx": "", "b.service.ts": ""},
        {("x.js", "a.jsx"), ("x.js", "b.service.ts")},
    ),
    "a folder by its index": (
        {"x.js": "export * from './a'", "a/index.tsx": ""},
        {("x.js", "a/index.tsx")},
    ),
    "a folder by its package.json": (
        {"x.js": "require('./a')", "a/package.json": package(main="lib"), "a/lib/index.js": ""},
        {("x.js", "a/lib/index.js")},
    ),
    "a file before a folder, and a folder where a slash ends the name": (
        {"x.js": "import './a'; import './a/'", "a.js": "", "a/index.js": ""},
        {("x.js", "a.js"), ("x.js", "a/index.js")},
    ),
    "dots that mean the top of the repository": (
        {
            "test/deep/x.js": "require('../..')",
            "package.json": package(main="./main"),
            "main.js": "",
        },
        {("test/deep/x.js", "main.js")},
    ),
    "all the ways to import": (
        {
            "x.ts": "/// <reference path='h.d.ts' />\nimport type { A } from './a'\nimport b = require('./b')\nexport { c } from './c'\n"
            "type D = import('./d').D\nconst e = await import(/* late */ './e')\nrequire(`./f`)\n"
            "declare module './g' {}\n/// <reference path='i.d.ts' />\n",
            **{f"{name}.ts": "" for name in "abcdefg"},
            "h.d.ts": "",
            "i.d.ts": "",
        },
        {("x.ts", f"{name}.ts") for name in "abcdefg"} | {("x.ts", "h.d.ts")},
    ),
    "no comment and no text": (
        {
            "a.js": "",
            "x.js": "// import './a'\n/** @type {import('./a')} */\nconst s = \"import './a'\"",
        },
        set(),
    ),
    "a bundler's question and loader": (
        {"x.js": "import './a?raw'; import 'raw-loader!./b.css'", "a.js": "", "b.css": ""},
        {("x.js", "a.js"), ("x.js", "b.css")},
    ),
    "paths of a configuration, the longest pattern first": (
        {
            "tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./src/*"], "@/ui/*": ["./ui/*"]}}}',
            "app/x.ts": "import '@/a'; import '@/ui/b'",
            "src/a.ts": "",
            "ui/b.ts": "",
        },
        {("app/x.ts", "src/a.ts"), ("app/x.ts", "ui/b.ts")},
    ),
    "paths that are extended, from where they are written": (
        {
            "config/tsconfig.base.json": '{"compilerOptions": {"baseUrl": "..", "paths": {"~lib": ["lib"]}}}',
            "app/tsconfig.json": '{"extends": ["../config/none", "../config/tsconfig.base"], // last\n}',
            "app/x.ts": "import '~lib'; import 'lib/b'",
            "lib/index.ts": "",
            "lib/b.ts": "",
        },
        {("app/x.ts", "lib/index.ts"), ("app/x.ts", "lib/b.ts")},
    ),
    "paths of a configuration that is referred to": (
        {
            "tsconfig.json": '{"files": [], "references": [{"path": "./tsconfig.app.json"}]}',
            "tsconfig.app.json": '{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}',
            "src/x.ts": "import '@/a'",
            "src/a.ts": "",
        },
        {("src/x.ts", "src/a.ts")},
    ),
    "configurations that extend each other": (
        {"tsconfig.json": '{"extends": "./tsconfig.json"}', "x.ts": "import './a'", "a.ts": ""},
        {("x.ts", "a.ts")},
    ),
    "a member of the workspace, by what it exports": (
        {
            "package.json": package(workspaces=["packages/*", "!packages/old"]),
            "packages/a/package.json": package(
                "@s/a",
                exports={".": {"import": "./m.mjs", "require": "./c.cjs"}, "./*": "./in/*.js"},
            ),
            **dict.fromkeys(("packages/a/m.mjs", "packages/a/c.cjs", "packages/a/in/b.js"), ""),
            "packages/a/hidden.js": "",
            "packages/old/package.json": package("old", main="x.js"),
            "packages/old/x.js": "",
            "x.js": "import '@s/a'; import '@s/a/b'; import '@s/a/hidden'; import 'old'",
            "y.js": "require('@s/a')",
        },
        {
            ("x.js", "packages/a/m.mjs"),
            ("x.js", "packages/a/in/b.js"),
            ("y.js", "packages/a/c.cjs"),
        },
    ),
    "a member by pnpm's list, a fixture's package by nobody's": (
        {
            "package.json": package(),
            "pnpm-workspace.yaml": "packages:\n  - 'libs/**'\n",
            "libs/deep/a/package.json": package("a"),
            "libs/deep/a/index.js": "",
            "fixtures/react/package.json": package("react"),
            "fixtures/react/index.js": "",
            "x.js": "import 'a'; import 'react'",
        },
        {("x.js", "libs/deep/a/index.js")},
    ),
    "a package that is named by its folder": (
        {
            "app/package.json": package(dependencies={"a": "file:../a"}),
            "app/x.js": "import 'a/sub'",
            "a/package.json": package("a"),
            "a/sub.js": "",
        },
        {("app/x.js", "a/sub.js")},
    ),
    "what is built, by what it is built from": (
        {
            "package.json": package(workspaces=["a"]),
            "a/package.json": package(
                "a", exports={".": "./dist/main.mjs", "./t": "./dist/t.d.ts"}
            ),
            "a/src/main.ts": "",
            "a/src/t.ts": "",
            "a/bin.js": "import './dist/main.mjs'",
            "x.ts": "import 'a'; import 'a/t'",
        },
        {("x.ts", "a/src/main.ts"), ("x.ts", "a/src/t.ts"), ("a/bin.js", "a/src/main.ts")},
    ),
    "a package's own name, and its own short names": (
        {
            "package.json": package(
                "p",
                exports="./lib/api.js",
                imports={"#a": {"default": "./a.js"}, "#b/*": "./b/*.js"},
            ),
            "lib/api.js": "",
            "a.js": "",
            "b/c.js": "",
            "test/x.js": "require('p'); require('#a'); require('#b/c')",
        },
        {("test/x.js", "lib/api.js"), ("test/x.js", "a.js"), ("test/x.js", "b/c.js")},
    ),
    "a condition nobody sets only where the others lead nowhere": (
        {
            "package.json": package("p", exports={"mine": "./a.js", "default": "./b.js"}),
            "a.js": "",
            "b.js": "",
            "x.js": "import 'p'",
        },
        {("x.js", "b.js")},
    ),
    "Node's own library": ({"x.js": "import 'node:fs'; import 'fs'", "fs.js": ""}, set()),
    "a file that imports itself": ({"x.js": "import './x'"}, set()),
    "the script of a component": (
        {"A.vue": "<script lang='ts'>\nimport B from './B.vue'\n</script>", "B.vue": ""},
        {("A.vue", "B.vue")},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_import_means_the_file_typescript_would_take(case):
    sources, expected = CASES[case]

    edges, lost = resolve(sources)

    assert edges == expected
    assert lost == []


def test_names_that_must_lead_inside_and_do_not_are_counted():
    edges, lost = resolve(
        {"a/x.ts": "import '../gone'\nimport '@/gone'\nimport '../../out'\nimport 'npm'"}
    )

    assert edges == set()
    assert sorted(lost) == [("a/x.ts", 1), ("a/x.ts", 2), ("a/x.ts", 3)]


def test_definitions_have_a_kind_a_name_and_a_line():
    source = (
        b"export class A<T> {\n  #m() {}\n  n = () => 1\n}\ninterface I { f(): void }\n"
        b"type T = 1; enum E {}\nnamespace N {}\nexport default function g() {}\n"
        b"const h = async () => 1\nexports.k = function () {}\n"
    )

    assert syntax.facts(source, "typescript")["definitions"] == [
        ("class", "A", 1),
        ("method", "#m", 2),
        ("method", "n", 3),
        ("interface", "I", 5),
        ("method", "f", 5),
        ("enum", "E", 6),
        ("type", "T", 6),
        ("namespace", "N", 7),
        ("function", "g", 8),
        ("function", "h", 9),
        ("function", "k", 10),
    ]


def test_programs_routes_and_models_are_marked():
    source = (
        b"#!/usr/bin/env node\napp.get('/a', (q, r) => r.end())\napi.get('/b', {cache: false})\n"
        b"mongoose.model('User', schema); import express from 'express'\n"
        b"@Controller('cats')\nexport class Cats {\n  @Get(':id')\n  one() {}\n}\n"
        b"@Entity()\nexport class Cat {}\n"
    )

    assert syntax.facts(source, "typescript")["marks"] == [
        ("entry", "/usr/bin/env node", 1),
        ("route:express", "GET /a", 2),
        ("model:mongoose", "User", 4),
        ("route:nestjs", "GET /cats/:id", 7),
        ("model:typeorm", "Cat", 10),
    ]


def test_javascript_with_flows_types_is_read_as_such():
    facts = syntax.facts(b"// @flow\nimport type { A } from './a'\nconst x: A = 1\n", "javascript")

    assert facts["imports"] == [("./a", 2, "import")]
    assert not facts["broken"]


@pytest.mark.parametrize("dialect", ["javascript", "typescript", "tsx", "component"])
@pytest.mark.parametrize(
    "source",
    [b"", b"\xff\xfe", b"import", b"import from ''", b"<script>", b"(" * 5000, b"require(`${x}`)"],
)
def test_broken_text_gives_facts_and_no_invented_import(dialect, source):
    assert syntax.facts(source, dialect)["imports"] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("package.json", b'{"a":' * 200_000),
        ("package.json", b"[" * 200_000),
        ("package.json", b"[]"),
        ("package.json", b'{"exports": 1e999}'),
        ("package.json", b'{"name": "a"} {'),
        ("tsconfig.json", b"/* " * 100_000),
        ("lerna.json", b"\xff"),
        ("pnpm-workspace.yaml", b"packages: " + b"[" * 200_000),
        ("pnpm-workspace.yaml", b"packages: {"),
    ],
)
def test_a_manifest_that_is_none_is_broken_and_nothing_else(path, source):
    assert readers.reader(readers.key_of(path, ""))(source) == {"manifest": {}, "broken": True}


def test_a_manifest_of_the_wrong_shapes_leads_nowhere_and_harms_nothing():
    odd = {
        "workspaces": [1, "**/" * 80, "*" * 80],
        "exports": {".": [None, {"a": 3}]},
        "imports": 7,
    }
    sources = {
        "package.json": package(["no", "text"], main=3, dependencies={"a": None}, bin=[], **odd),
        "tsconfig.json": '{"extends": 3, "references": [4], "compilerOptions": {"paths": {"b": 5}}}',
        "x.js": "import 'a'; import 'b'; import '#c'",
    }

    assert resolve(sources) == (set(), [])


def test_a_package_says_its_dependencies_with_scope_and_line():
    source = b"""{
      "name": "a", "version": "1.0.0", // comments are forgiven
      "dependencies": {"b": "^1"},
      "devDependencies": {
        "c": "workspace:*",
      },
      "bin": "./cli.js", "scripts": {"test": "jest"}
    }"""

    said = readers.reader("manifest.package_json")(source)["manifest"]

    assert said["dependencies"] == [["b", "^1", "", 3], ["c", "workspace:*", "dev", 5]]
    assert (said["bin"], said["scripts"]) == ([["a", "./cli.js", 7]], [["test", "jest", 7]])
    assert (said["name"], said["version"]) == ("a", "1.0.0")


def test_configurations_that_all_extend_each_other_are_each_read_once():
    """Every way through twenty of them is more than anybody can walk."""
    every = [f"./{number}.tsconfig.json" for number in range(20)]
    sources = {name[2:]: json.dumps({"extends": every}) for name in every}
    sources |= {"tsconfig.json": json.dumps({"extends": every}), "x.ts": "import 'p'"}

    assert resolve(sources) == (set(), [])
