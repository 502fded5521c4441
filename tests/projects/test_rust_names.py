"""Which file a Rust path means, and what a Rust file says."""

import json

import pytest

from projects.mapping.languages.rust import names, syntax
from projects.mapping.manifests import cargo_lock, cargo_toml
from projects.mapping.sources import Sources


def resolve(sources):
    """This function will resolve the modules, uses and paths of sources by file."""
    imports, manifests = {}, {}
    for path, text in sources.items():
        if path.endswith(".toml"):
            manifests[path] = cargo_toml.facts(text.encode())["manifest"]
        else:
            imports[path] = syntax.facts(text.encode())["imports"]
    declared = {"manifest.cargo_toml": manifests}
    return names.resolve(Sources(frozenset(sources), imports, declared))


SHOP = {"Cargo.toml": '[package]\nname = "my-shop"\nedition = "2021"\n'}
CASES = {
    "a module beside the root, one in its folder, one inside another": (
        {"src/lib.rs": "mod a;\nmod b;", "src/a.rs": "mod c;", "src/b/mod.rs": "mod d;"}
        | {"src/a/c.rs": "", "src/b/d.rs": ""},
        "src/lib.rs>src/a.rs src/lib.rs>src/b/mod.rs src/a.rs>src/a/c.rs src/b/mod.rs>src/b/d.rs",
    ),
    "a module inside one that is written out": (
        {"src/lib.rs": "mod a { mod b; #[path = 'x'] #[path = \"c.rs\"] mod x; }"}
        | {"src/a/b.rs": "", "src/a/c.rs": ""},
        "src/lib.rs>src/a/b.rs src/lib.rs>src/a/c.rs",
    ),
    "files that attributes name, and the usual one where they are conditional": (
        {
            "src/lib.rs": '#[path = "o/x.rs"] mod x;\nmod y;',
            "src/o/x.rs": "mod z;",
            "src/x.rs": "",
            "src/y.rs": '#[cfg_attr(unix, path = "unix.rs")]\nmod imp;',
            "src/unix.rs": "",
            "src/y/imp.rs": "",
            "src/o/z.rs": "",
        },
        "src/lib.rs>src/o/x.rs src/lib.rs>src/y.rs src/y.rs>src/unix.rs src/y.rs>src/y/imp.rs"
        " src/o/x.rs>src/o/z.rs",
    ),
    "modules and uses that a macro holds": (
        {"src/lib.rs": "cfg_if! { if #[cfg(unix)] { mod a; } else { pub(crate) mod b; } }"}
        | {"src/a.rs": "io! {\n  use crate::{b::X, c};\n}", "src/b.rs": ""},
        "src/lib.rs>src/a.rs src/lib.rs>src/b.rs src/a.rs>src/b.rs src/a.rs>src/lib.rs",
    ),
    "crate, self, super, groups, globs and other names": (
        {
            "src/lib.rs": "mod a; mod b; mod c;",
            "src/a.rs": "use crate::{b::{self, X}, c::*};\nuse super::Y as Z;",
            "src/b.rs": "mod d { use super::super::c as e; use e::f::G; }",
            "src/c.rs": "pub mod f;",
            "src/c/f.rs": "use self::inner::X; mod inner {}",
        },
        "src/lib.rs>src/a.rs src/lib.rs>src/b.rs src/lib.rs>src/c.rs src/c.rs>src/c/f.rs"
        " src/a.rs>src/b.rs src/a.rs>src/c.rs src/a.rs>src/lib.rs"
        " src/b.rs>src/c.rs src/b.rs>src/c/f.rs",
    ),
    "paths in code, in types and in macros, but not in texts": (
        {
            "src/lib.rs": "mod a; mod b; mod c; mod d; mod e;",
            "src/a.rs": "fn f(x: crate::b::X) -> Vec<super::c::Y> {\n"
            ' vec![crate::d::W::<u8>::new(), crate::d::Z, "crate::e::X", \'"\'] // crate::e::X\n}',
            "src/b.rs": "pub(in crate::a) struct X;",
            "src/c.rs": "macro_rules! m { () => { $crate::d::f() } }",
            "src/d.rs": "",
            "src/e.rs": "/// crate::a::f\nuse std::e::x;",
        },
        "src/lib.rs>src/a.rs src/lib.rs>src/b.rs src/lib.rs>src/c.rs src/lib.rs>src/d.rs"
        " src/lib.rs>src/e.rs src/a.rs>src/b.rs src/a.rs>src/c.rs src/a.rs>src/d.rs"
        " src/c.rs>src/d.rs",
    ),
    "modules known by what another takes from elsewhere": (
        {"src/lib.rs": "mod a; mod b; pub use a::inner as outer;", "src/a.rs": "pub mod inner;"}
        | {
            "src/a/inner.rs": "",
            "src/b.rs": "use crate::outer::X;\nuse crate::*;\nfn f() { a::g() }",
        },
        "src/lib.rs>src/a.rs src/lib.rs>src/b.rs src/lib.rs>src/a/inner.rs"
        " src/a.rs>src/a/inner.rs src/b.rs>src/a/inner.rs src/b.rs>src/lib.rs src/b.rs>src/a.rs",
    ),
    "a function of the name of a module that nobody outside sees": (
        {"src/lib.rs": "mod a; pub use a::b;", "src/a/mod.rs": "mod b; pub use b::b; mod c;"}
        | {"src/a/b.rs": "pub fn b() {}", "src/a/c.rs": "use super::b::b;"},
        "src/lib.rs>src/a/mod.rs src/a/mod.rs>src/a/b.rs src/a/mod.rs>src/a/c.rs"
        " src/a/c.rs>src/a/b.rs",
    ),
    "names that lead in a circle": (
        {"src/lib.rs": "mod a; pub use a::x as x; pub use a::*;"}
        | {"src/a.rs": "pub use crate::x as x; pub use crate::*; use x::y::Z; use y::Q;"},
        "src/lib.rs>src/a.rs src/a.rs>src/lib.rs",
    ),
    "a file that declares itself": (
        {"src/lib.rs": '#[path = "lib.rs"] mod a; mod b;', "src/b.rs": '#[path = "lib.rs"] mod c;'},
        "src/lib.rs>src/b.rs",
    ),
    "the programs, tests and build script of a package": (
        SHOP
        | {
            "src/lib.rs": "pub mod cart;",
            "src/cart.rs": "",
            "src/main.rs": "use my_shop::cart::Cart;",
            "src/bin/tool/main.rs": "mod args;\nfn main() { my_shop::cart::x() }",
            "src/bin/tool/args.rs": "use crate::x;",
            "tests/all.rs": "mod common;\nuse my_shop::cart;",
            "tests/common/mod.rs": "",
            "build.rs": 'include!("src/version.rs");',
            "src/version.rs": "",
        },
        "src/lib.rs>src/cart.rs src/main.rs>src/cart.rs src/bin/tool/main.rs>src/cart.rs"
        " src/bin/tool/main.rs>src/bin/tool/args.rs src/bin/tool/args.rs>src/bin/tool/main.rs"
        " tests/all.rs>tests/common/mod.rs tests/all.rs>src/cart.rs build.rs>src/version.rs",
    ),
    "crates of a workspace, by path, by another name, and by what the workspace says": (
        {
            "Cargo.toml": "[workspace]\n[workspace.dependencies]\n"
            'c = { path = "crates/c", version = "1" }\n[patch.crates-io]\nd = { path = "d" }\n',
            "crates/a/Cargo.toml": '[package]\nname = "a"\nedition = "2021"\n[dependencies]\n'
            'bee = { package = "b-crate", path = "../b" }\nc.workspace = true\ne = "1"\n'
            "[target.'cfg(unix)'.dev-dependencies]\nd = \"1\"\n",
            "crates/a/src/lib.rs": "use bee::x::Y;\nuse ::c::Z;\nfn f() { d::g() }\nuse e::H;",
            "crates/b/Cargo.toml": '[package]\nname = "b-crate"\n[lib]\npath = "lib.rs"\n',
            "crates/b/lib.rs": "pub mod x;",
            "crates/b/x.rs": "",
            "crates/c/Cargo.toml": '[package]\nname = "c"\n',
            "crates/c/src/lib.rs": "",
            "d/Cargo.toml": '[package]\nname = "d"\n',
            "d/src/lib.rs": "",
            "e/Cargo.toml": '[package]\nname = "e"\n',
            "e/src/lib.rs": "",
        },
        "crates/a/src/lib.rs>crates/b/x.rs crates/a/src/lib.rs>crates/c/src/lib.rs"
        " crates/a/src/lib.rs>d/src/lib.rs crates/b/lib.rs>crates/b/x.rs",
    ),
    "the edition of 2015, where a use begins at the top": (
        {"Cargo.toml": '[package]\nname = "old"\n', "src/lib.rs": "mod a; mod b;"}
        | {"src/a.rs": "use b::X;\nfn f() { b::g() }", "src/b.rs": "extern crate old as me;"},
        "src/lib.rs>src/a.rs src/lib.rs>src/b.rs src/a.rs>src/b.rs",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_path_leads_to_the_file_of_its_deepest_module(case):
    sources, expected = CASES[case]

    found = {f"{src}>{dst}" for src, dst, _ in resolve(sources).edges}

    assert found == set(expected.split())


def test_a_module_without_a_file_is_counted():
    found = resolve({"src/lib.rs": "mod gone;\nmod a;\nuse crate::x;\nuse std::y;", "src/a.rs": ""})

    assert (found.inside, found.lost) == (3, [("src/lib.rs", 1)])


def test_a_thousand_ways_to_the_same_file_are_not_all_walked():
    sources = {
        f"src/m{n}.rs": f'#[path="m{n + 1}.rs"] mod a; #[path="m{n + 1}.rs"] mod b;'
        for n in range(40)
    }

    found = resolve({"src/lib.rs": "mod m0;", "src/m40.rs": "", **sources})

    assert len(found.edges) == 41


def test_what_a_file_declares_is_found():
    source = b"""use actix_web::get;
#[derive(Debug, Queryable)] // diesel
#[diesel(table_name = carts)]
pub struct Cart { id: i32 }
pub trait Shop { type Item; fn sell(&self); }
impl Shop for Cart { fn sell(&self) { fn inner() {} } }
#[get("/carts/{id}")]
async fn show() {}
macro_rules! shout { () => {} }
pub mod r#match { pub enum Kind { A } union Bits { a: u8 } }
fn main() { axum::Router::new().route("/x", get(show).post(show)); }
"""

    found = syntax.facts(source)

    assert found["definitions"] == [
        ("struct", "Cart", 4),
        ("type", "Item", 5),
        ("trait", "Shop", 5),
        ("function", "sell", 5),
        ("function", "inner", 6),
        ("function", "sell", 6),
        ("function", "show", 8),
        ("macro", "shout", 9),
        ("union", "Bits", 10),
        ("enum", "Kind", 10),
        ("module", "match", 10),
        ("function", "main", 11),
    ]
    assert found["marks"] == [
        ("model:diesel", "Cart", 4),
        ("route:actix", "GET /carts/{id}", 7),
        ("entry", "fn main", 11),
        ("route:axum", "GET,POST /x", 11),
    ]
    assert not found["broken"]


def test_cargo_toml_says_what_comes_from_elsewhere():
    source = b"""[package]
name = "shop"
version = "1.2.3"
[dependencies]
serde = { version = "1", optional = true }
json = { package = "serde_json", version = "1.0" }
cart = { path = "../cart" }
[dev-dependencies]
rand = "0.9"
[target.'cfg(windows)'.build-dependencies]
cc = { git = "https://example.org/cc" }
"""

    manifest = cargo_toml.facts(source)["manifest"]

    assert (manifest["name"], manifest["version"]) == ("shop", "1.2.3")
    assert manifest["dependencies"] == [
        ["serde", "1", "optional", 5],
        ["serde_json", "1.0", "", 6],
        ["rand", "0.9", "dev", 9],
        ["cc", "", "build", 11],
    ]


def test_cargo_lock_says_which_versions_come_from_elsewhere():
    source = b"""version = 4

[[package]]
name = "shop"
version = "1.2.3"

[[package]]
name = "serde"
version = "1.0.219"
source = "registry+https://example.org/index"
checksum = "00"
"""

    assert cargo_lock.facts(source) == {
        "manifest": {"locked": [["serde", "1.0.219", 8]]},
        "broken": False,
    }


@pytest.mark.parametrize("reader", [cargo_toml, cargo_lock])
@pytest.mark.parametrize("source", [b"\xff\0", b"a = " + b"[" * 100_000, b"a" + b".a" * 100_000])
def test_a_manifest_that_is_none_is_broken(reader, source):
    assert reader.facts(source)["broken"]
    assert cargo_toml.facts(b"package = 1\nworkspace = []\ndependencies = 2\npatch = 3\n")["broken"]


def test_modules_a_thousand_deep_do_not_fill_the_memory():
    said = syntax.facts(b"mod a{" * 2000 + b"}" * 2000)

    assert len(json.dumps(said)) < 2_000_000
