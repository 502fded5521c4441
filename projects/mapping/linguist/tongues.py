"""Every language linguist knows: by suffix, by file name, by interpreter; what counts in shares."""

from collections import defaultdict
from collections.abc import Mapping

from projects.mapping import linguist

_COUNTED = ("programming", "markup")
# Suffixes of several languages, where the first by name is not the usual one. Linguist reads the
# text to tell them apart; a name alone cannot.
_USUAL = """
    as:ActionScript asc:AsciiDoc asm:Assembly bas:BASIC cake:C# cfg:INI cl:Common.Lisp cls:TeX cs:C#
    d:D ex:Elixir f:Fortran for:Fortran frag:GLSL fs:F# g:GAP gd:GDScript gs:JavaScript h:C hh:C++
    html:HTML i:SWIG json:JSON l:Lex lean:Lean lisp:Common.Lisp m:Objective-C m4:M4 md:Markdown
    ml:OCaml mm:Objective-C++ mod:Modula-2 ms:Roff n:Roff php:PHP pl:Perl plist:XML.Property.List
    pm:Perl pp:Puppet properties:Java.Properties q:q r:R re:Reason rs:Rust
    s:Unix.Assembly sc:Scala scm:Scheme sol:Solidity spec:RPM.Spec sql:SQL st:Smalltalk
    star:Starlark t:Perl tpl:Smarty ts:TypeScript tsx:TSX txt:Text v:Verilog yaml:YAML yml:YAML
    yy:Yacc
"""
_NOBODYS = "pro inc fcgi cgi x"  # as often one language as another


def _read() -> tuple[Mapping[str, str], Mapping[str, str], Mapping[str, str]]:
    claims: dict[str, list[str]] = defaultdict(list)
    by_name: dict[str, str] = {}
    by_interpreter: dict[str, str] = {}
    for language, _, _, suffixes, names, interpreters, _ in _rows():
        for suffix in suffixes.lower().split():
            claims[suffix].append(language)
        by_name.update(dict.fromkeys(names.split(), language))
        for interpreter in interpreters.split():
            by_interpreter.setdefault(interpreter, language)
    by_suffix = {suffix: languages[0] for suffix, languages in claims.items()}
    usual = (pair.partition(":") for pair in _USUAL.split())
    by_suffix.update({suffix: language.replace(".", " ") for suffix, _, language in usual})
    for suffix in _NOBODYS.split():
        by_suffix.pop(suffix)
    return by_suffix, by_name, by_interpreter


def _rows() -> list[list[str]]:
    return [line.split("\t") for line in linguist.lines("languages.tsv")]


BY_SUFFIX, BY_NAME, BY_INTERPRETER = _read()
GROUPS = {row[0]: row[2] for row in _rows() if row[2]}
"""The language under which another is shown."""
COUNTED = frozenset(row[0] for row in _rows() if row[1] in _COUNTED)
"""What is written to be run or to be looked at; data and prose have no share."""
_CALLED = {alias: row[0] for row in _rows() for alias in row[6].split()}
_CALLED.update((row[0].lower().replace(" ", "-"), row[0]) for row in _rows())


def called(name: str) -> str:
    """This function will give a language by its name or alias, in any case; '' is none of them."""
    return _CALLED.get(name.lower().replace(" ", "-"), "")
