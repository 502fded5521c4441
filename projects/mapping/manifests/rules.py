"""`.factory/rules.toml`: what a repository allows its own files to import.

[[layers]]                          # from top to bottom: nothing may import what is above it
name = "Apps point downhill"
layers = ["web/**", ["jobs/**", "mail/**"], "core/**"]

[[forbidden]]
name = "No models in the extractor"
from = ["mapping/**"]
to = ["models/**"]
except = ["mapping/admin.py"]       # files that may

[[independence]]                    # none of them may import another
name = "Languages know nothing of each other"
modules = ["languages/go/**", "languages/python/**"]
"""

from typing import Any

from projects.mapping import untrusted

_LISTS = {"layers": ("layers",), "forbidden": ("from", "to"), "independence": ("modules",)}
_MOST = 100
"""Rules, and patterns of one rule: more would keep a large repository's map waiting."""


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the rules, each with groups of patterns, and what is wrong with others.

    A rule is {"kind", "name", "groups", "except"}.
    """
    try:
        read = untrusted.read_toml(source)
    except untrusted.Broken as error:
        return {"manifest": {"rules": [], "errors": [str(error)]}, "broken": True}
    rules: list[dict[str, Any]] = []
    errors = [f"{key}: there is no such kind of rule" for key in read if key not in _LISTS]
    for kind in _LISTS:
        given = read.get(kind, [])
        for number, said in enumerate(given if isinstance(given, list) else [given], 1):
            try:
                rules.append(_rule(kind, number, said))
            except untrusted.Broken as error:
                errors.append(f"{kind} {number}: {error}")
    if len(rules) > _MOST:
        errors.append(f"only the first {_MOST} of {len(rules)} rules are checked")
    return {"manifest": {"rules": rules[:_MOST], "errors": errors}, "broken": bool(errors)}


def _rule(kind: str, number: int, said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise untrusted.Broken(f"write it as a table, [[{kind}]]")
    known = {"name", "except", *_LISTS[kind]}
    unknown = sorted(set(said) - known)
    if unknown:
        raise untrusted.Broken(f"{unknown[0][:60]}: unknown; known are {', '.join(sorted(known))}")
    name = said.get("name", f"{kind} {number}")
    if not isinstance(name, str):
        raise untrusted.Broken("name: write a text")
    if kind == "forbidden":
        groups = [_patterns(said, "from"), _patterns(said, "to")]
    else:
        groups = _groups(said, _LISTS[kind][0])
    allowed = _patterns(said, "except") if "except" in said else []
    return {"kind": kind, "name": name, "groups": groups, "except": allowed}


def _groups(said: dict[str, Any], key: str) -> list[list[str]]:
    given = said.get(key)
    if not isinstance(given, list) or len(given) < 2:
        raise untrusted.Broken(f"{key}: write a list of two patterns or more")
    return [_patterns({key: one}, key) for one in given]


def _patterns(said: dict[str, Any], key: str) -> list[str]:
    given = said.get(key)
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not listed or len(listed) > _MOST:
        raise untrusted.Broken(f"{key}: write a pattern of paths, or a list of them")
    if not all(isinstance(one, str) and one.strip("/") and len(one) < 500 for one in listed):
        raise untrusted.Broken(f"{key}: each pattern is a text of 1 to 499 characters")
    return listed
