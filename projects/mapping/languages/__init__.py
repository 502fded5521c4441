"""The languages whose imports are understood: a folder for each family, all of one shape.

`syntax.facts(source)` reads one file's bytes, in an exec'd child, and gives a dict: "imports", in
any shape its own resolver likes; "definitions", a list of (kind, name, line); "broken", whether the
syntax is; and where there are any, "marks", a list of (kind, text, line) of kind `entry` (the file
can be run), `route` (it answers an HTTP address) or `model` (it declares stored data); a framework
may follow the kind, as in `route:flask`. (`package:…` is between Python and `structure.setups`.) Families of several dialects take the dialect as a second
argument.
`names.resolve(sources)` finds out what the imports of all files of a family mean, in the parent.
`names.HEURISTIC` is True while no independent oracle confirms the edges.
To add a language copy a folder and add a line here.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

KEYS = {
    "Python": "python",
    "Java": "java",
    "PHP": "php",
    "C#": "csharp",
    "Go": "go",
    "Rust": "rust",
    "Ruby": "ruby",
    "C": "c:c",
    "C++": "c:cpp",
    "JavaScript": "ecmascript:javascript",
    "TypeScript": "ecmascript:typescript",
    "TSX": "ecmascript:tsx",
    "Vue": "ecmascript:component",
    "Svelte": "ecmascript:component",
}
"""The catalogue's name of a language, and who reads it: the folder, or folder:dialect."""
BY_SUFFIX = {"h": "c:header"}  # names that tell less than their content does


def key_of(path: str, language: str) -> str:
    """This function will name who reads a file of a language; '' is nobody."""
    return BY_SUFFIX.get(path.rpartition(".")[2]) or KEYS.get(language, "")


def family(key: str) -> str:
    """This function will name the folder of a key: its dialects are resolved together."""
    return key.partition(":")[0]


def families() -> list[str]:
    """This function will name every folder once."""
    return list(dict.fromkeys(map(family, KEYS.values())))


def reader(key: str) -> Callable[[bytes], dict[str, Any]]:
    """This function will give what reads one file of a language."""
    folder, _, dialect = key.partition(":")
    module = import_module(f"{__name__}.{folder}.syntax")
    return partial(module.facts, dialect=dialect) if dialect else module.facts  # type: ignore[no-any-return]  # by the shape above


def names(folder: str) -> ModuleType:
    """This function will give the module that resolves the imports of a family."""
    return import_module(f"{__name__}.{folder}.names")
