"""compose.yaml and its elder names: the services that run together."""

from typing import Any

from projects.mapping import untrusted
from projects.mapping.untrusted import Items, Table


def facts(source: bytes) -> dict[str, Any]:
    """This function will give the services: name, image, ports, what each needs, line."""
    try:
        read = untrusted.read_yaml(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    top = read[0] if read and isinstance(read[0], Table) else Table()
    services = top.get("services")
    if not isinstance(services, Table):
        return {"manifest": {}, "broken": not isinstance(read[0] if read else None, Table)}
    found = [
        _service(name, said if isinstance(said, Table) else Table(), services.lines[name])
        for name, said in sorted(services.items())
    ]
    return {"manifest": {"services": found}, "broken": False}


def _service(name: str, said: Table, line: int) -> dict[str, Any]:
    image = said.get("image")
    return {
        "name": name,
        "image": image if isinstance(image, str) else "",
        "ports": [_port(one) for one in _listed(said.get("ports"))],
        "needs": sorted({*_names(said.get("depends_on")), *_names(said.get("links"))}),
        "line": line,
    }


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Items) else []


def _names(value: Any) -> list[str]:
    """Of a list, or of a mapping whose values are conditions; `links` may give another name."""
    if isinstance(value, Table):
        return list(value)
    return [one.partition(":")[0] for one in _listed(value) if isinstance(one, str)]


def _port(value: Any) -> str:
    if isinstance(value, Table):
        ends = [value.get("published"), value.get("target")]
        return ":".join(end for end in ends if isinstance(end, str))
    return value if isinstance(value, str) else ""
