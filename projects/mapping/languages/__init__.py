"""The languages whose imports are understood: a folder each, all of one shape.

`syntax.facts(source)` reads one file's bytes, in an exec'd child; `names.resolve(imports)` finds
out what the imports of all files mean, in the parent. To add a language copy a folder and add a
line here.
"""

from importlib import import_module
from types import ModuleType

KEYS = {
    "Python": "python",
}
"""The catalogue's name of a language, and its folder."""


def syntax(key: str) -> ModuleType:
    """This function will give the module that reads one file of a language."""
    return import_module(f"{__name__}.{key}.syntax")


def names(key: str) -> ModuleType:
    """This function will give the module that resolves a language's imports."""
    return import_module(f"{__name__}.{key}.names")
