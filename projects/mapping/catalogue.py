"""Languages by file name, under the names github-linguist gives them."""

OTHER = "Other"

_NAMES = {
    "Dockerfile": "Dockerfile",
    "Containerfile": "Dockerfile",
    "Makefile": "Makefile",
    "GNUmakefile": "Makefile",
    "CMakeLists.txt": "CMake",
    "Rakefile": "Ruby",
    "Gemfile": "Ruby",
    "Jenkinsfile": "Groovy",
    "Vagrantfile": "Ruby",
    "BUILD": "Starlark",
    "WORKSPACE": "Starlark",
    "meson.build": "Meson",
    "go.mod": "Go Module",
    "go.sum": "Go Checksums",
    "LICENSE": "Text",
    "COPYING": "Text",
    "AUTHORS": "Text",
    "README": "Text",
    "SConstruct": "Python",
    "wscript": "Python",
}
_SUFFIXES = {
    "Python": "py pyi pyw",
    "Cython": "pyx pxd",
    "JavaScript": "js mjs cjs jsx",
    "TypeScript": "ts mts cts",
    "TSX": "tsx",
    "Vue": "vue",
    "Svelte": "svelte",
    "Go": "go",
    "Rust": "rs",
    "Java": "java",
    "Kotlin": "kt kts",
    "Scala": "scala sbt",
    "Groovy": "groovy gradle",
    "Clojure": "clj cljs cljc edn",
    "C": "c h",
    "C++": "cc cpp cxx hpp hh hxx ipp",
    "C#": "cs",
    "F#": "fs fsi fsx",
    "Objective-C": "m",
    "Objective-C++": "mm",
    "Swift": "swift",
    "Ruby": "rb rake gemspec erb",
    "PHP": "php phtml",
    "Perl": "pl pm",
    "Lua": "lua",
    "R": "r",
    "Julia": "jl",
    "Haskell": "hs",
    "OCaml": "ml mli",
    "Elixir": "ex exs",
    "Erlang": "erl hrl",
    "Dart": "dart",
    "Zig": "zig",
    "Nim": "nim",
    "Fortran": "f f90 f95",
    "Assembly": "asm s",
    "Shell": "sh bash zsh ksh fish",
    "PowerShell": "ps1 psm1",
    "Batchfile": "bat cmd",
    "SQL": "sql",
    "GraphQL": "graphql gql",
    "Protocol Buffer": "proto",
    "Thrift": "thrift",
    "HCL": "tf hcl tfvars",
    "Nix": "nix",
    "Starlark": "bzl star",
    "CMake": "cmake",
    "Makefile": "mk mak",
    "M4": "m4 ac am",
    "HTML": "html htm xhtml",
    "Jinja": "j2 jinja jinja2",
    "CSS": "css",
    "SCSS": "scss",
    "Sass": "sass",
    "Less": "less",
    "Stylus": "styl",
    "SVG": "svg",
    "XML": "xml xsd xsl xslt plist",
    "JSON": "json jsonc json5 geojson",
    "YAML": "yml yaml",
    "TOML": "toml",
    "INI": "ini cfg editorconfig",
    "Java Properties": "properties",
    "Markdown": "md markdown",
    "MDX": "mdx",
    "reStructuredText": "rst",
    "AsciiDoc": "adoc asciidoc",
    "TeX": "tex sty bib",
    "Roff": "1 2 3 5 7 8",
    "Text": "txt text log",
    "CSV": "csv",
    "TSV": "tsv",
    "Diff": "diff patch",
    "Gettext Catalog": "po pot",
    "Jupyter Notebook": "ipynb",
    "Vim Script": "vim",
    "Emacs Lisp": "el",
    "Common Lisp": "lisp",
    "Scheme": "scm",
    "Solidity": "sol",
    "GLSL": "glsl vert frag",
    "Cuda": "cu cuh",
    "WebAssembly": "wat",
}
_BY_SUFFIX = {suffix: name for name, all_ in _SUFFIXES.items() for suffix in all_.split()}
# Read by nobody: what is certainly not text need not pass through git and a pipe.
_BINARY_SUFFIXES = """
    7z a avi avif bin bmp bz2 class dat db dll dylib eot exe flac gif gz ico icns iso jar jp2 jpeg
    jpg lib mo mov mp3 mp4 mpeg o obj ogg otf pack parquet pdf pickle pkl png psd pyc pyd pyo rar
    shp so sqlite sqlite3 tar tgz tif tiff ttf war wasm wav webm webp whl woff woff2 xls xlsx xz zip
    zst
"""
_BINARY = frozenset(_BINARY_SUFFIXES.split())


def language_of(path: str) -> str:
    """This function will name the language of a file from its path alone."""
    name = path.rpartition("/")[2]
    known = _NAMES.get(name)
    if known:
        return known
    _, dot, suffix = name.rpartition(".")
    return _BY_SUFFIX.get(suffix.lower(), OTHER) if dot else OTHER


def surely_binary(path: str) -> bool:
    """This function will say whether the suffix alone proves that a file is not text."""
    return path.rpartition(".")[2].lower() in _BINARY
