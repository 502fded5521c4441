"""catalog-info.yaml: what its owners say a folder is. Source: Backstage's descriptor format."""

from typing import Any

from projects.mapping import untrusted
from projects.mapping.untrusted import Table


def facts(source: bytes) -> dict[str, Any]:
    """This function will give each entity (kind, name, owner, line), and the first component's name."""
    try:
        read = untrusted.read_yaml(source)
    except untrusted.Broken:
        return {"manifest": {}, "broken": True}
    entities = [_entity(said) for said in read if isinstance(said, Table)]
    found = [entity for entity in entities if entity["name"]]
    name = next((one["name"] for one in found if one["kind"] in ("Component", "System")), "")
    return {"manifest": {"name": name, "entities": found}, "broken": not found}


def _entity(said: Table) -> dict[str, Any]:
    metadata, spec = _table(said, "metadata"), _table(said, "spec")
    return {
        "kind": _word(said, "kind"),
        "name": _word(metadata, "name"),
        "owner": _word(spec, "owner"),
        "line": metadata.lines.get("name", 1),
    }


def _table(said: Table, key: str) -> Table:
    found = said.get(key)
    return found if isinstance(found, Table) else Table()


def _word(said: Table, key: str) -> str:
    found = said.get(key)
    return found if isinstance(found, str) else ""
