"""tsconfig.json and jsconfig.json: how names of modules lead to files.

Source: the TypeScript handbook, "Module Resolution" and the TSConfig reference.
"""

from typing import Any

from projects.mapping import untrusted
from projects.mapping.manifests import lined_json

ECOSYSTEM = ""


def facts(source: bytes) -> dict[str, Any]:
    """This function will give "extends", "references", "baseUrl", "paths" and "rootDirs"."""
    try:
        read, _ = lined_json.read(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    options = read.get("compilerOptions")
    options = options if isinstance(options, dict) else {}
    said: dict[str, Any] = {
        "extends": _texts(read.get("extends")),
        "references": _references(read.get("references")),
    }
    if isinstance(options.get("baseUrl"), str):
        said["baseUrl"] = options["baseUrl"]
    if isinstance(options.get("paths"), dict):
        said["paths"] = {name: _texts(to) for name, to in options["paths"].items()}
    if "rootDirs" in options:
        said["rootDirs"] = _texts(options["rootDirs"])
    return {"manifest": said, "broken": False}


def _texts(said: Any) -> list[str]:
    found = said if isinstance(said, list) else [said]
    return [text for text in found if isinstance(text, str)]


def _references(said: Any) -> list[str]:
    found = said if isinstance(said, list) else []
    return _texts([one.get("path") for one in found if isinstance(one, dict)])
