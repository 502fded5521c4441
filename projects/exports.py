"""A map in the formats of other programs, from its real edges; hostile names cannot leave a label.

Names on a map are printable, so each may stand in XML; what means something is escaped.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from projects.mapping import documents

LEVELS = ("components", "files")
MERMAID_EDGES = 500
"""What a renderer of Mermaid draws unless it is told otherwise."""
_INDENT = "  "


@dataclass(frozen=True)
class Node:
    """A file, package or component; attributes are texts and numbers."""

    name: str
    attributes: Mapping[str, str | int]


@dataclass(frozen=True)
class Graph:
    """What is exported: nodes by name, and edges of two names with their attributes."""

    about: Mapping[str, str | int]
    nodes: list[Node]
    edges: list[tuple[str, str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Format:
    """How a graph is written, what a file of it is called, and which level it is made for."""

    write: Callable[[Graph], Iterator[str]]
    suffix: str
    media_type: str
    level: str


def graph(content: Mapping[str, Any], level: str, about: Mapping[str, str | int]) -> Graph:
    """This function will give the files or components of a map's document as a graph."""
    make = _components if level == "components" else _files
    nodes, edges = make(content)
    return Graph({**about, "level": level}, nodes, edges)


def _files(content: Mapping[str, Any]) -> tuple[list[Node], list[tuple[str, str, Any]]]:
    names = ("path", "language", "lines", "role", "component")
    columns = [documents.column(content, name) for name in names]
    nodes = [
        Node(row[0], {"kind": "file", **dict(zip(names[1:], row[1:], strict=True))})
        for row in zip(*columns, strict=True)
    ]
    nodes += [Node(path, {"kind": "package"}) for path in documents.packages(content)]
    edges = [
        (src, dst, {"kind": kind, "lines": lines}) for src, dst, kind, lines in content["edges"]
    ]
    return nodes, edges


def _components(content: Mapping[str, Any]) -> tuple[list[Node], list[tuple[str, str, Any]]]:
    structure = content.get("structure", {})
    nodes = [
        Node(
            one["name"] or ".",
            {
                "kind": "component",
                "language": one["language"],
                "lines": one["lines"],
                "files": one["files"],
            },
        )
        for one in structure.get("components", ())
    ]
    edges = [
        (src or ".", dst or ".", {"imports": count})
        for src, dst, count in structure.get("component_edges", ())
    ]
    return nodes, edges


def as_json(given: Graph) -> Iterator[str]:
    """This function will write node-link JSON, as networkx and D3 read it."""
    yield f'{{"directed":true,"multigraph":true,"graph":{json.dumps(given.about)},"nodes":['
    yield from _listed({"id": node.name, **node.attributes} for node in given.nodes)
    yield '],"links":['
    yield from _listed(
        {"source": src, "target": dst, **attributes} for src, dst, attributes in given.edges
    )
    yield "]}\n"


def _listed(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    comma = "\n"
    for row in rows:
        yield comma + json.dumps(row)
        comma = ",\n"


def as_graphml(given: Graph) -> Iterator[str]:
    """This function will write GraphML 1.0."""
    keys = _keys("node", (node.attributes for node in given.nodes))
    keys |= _keys("edge", (attributes for _, _, attributes in given.edges))
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for (what, name), kind in sorted(keys.items()):
        yield f'<key id="{what}-{name}" for="{what}" attr.name="{name}" attr.type="{kind}"/>\n'
    about = " ".join(f"{name}={value}" for name, value in given.about.items())
    yield f'<graph edgedefault="directed"><desc>{escape(about)}</desc>\n'
    for node in given.nodes:
        yield f"<node id={quoteattr(node.name)}>{_data('node', node.attributes)}</node>\n"
    for src, dst, attributes in given.edges:
        ends = f"source={quoteattr(src)} target={quoteattr(dst)}"
        yield f"<edge {ends}>{_data('edge', attributes)}</edge>\n"
    yield "</graph>\n</graphml>\n"


def _keys(what: str, found: Iterator[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    return {
        (what, name): "long" if isinstance(value, int) else "string"
        for attributes in found
        for name, value in attributes.items()
    }


def _data(what: str, attributes: Mapping[str, Any]) -> str:
    return "".join(
        f'<data key="{what}-{name}">{escape(_plain(value))}</data>'
        for name, value in attributes.items()
    )


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def as_dot(given: Graph) -> Iterator[str]:
    """This function will write Graphviz's DOT."""
    yield f"// {' '.join(f'{name}={value}' for name, value in given.about.items())}\n"
    yield "digraph map {\n"
    numbers = _numbers(given)
    for name, number in numbers.items():
        yield f'{_INDENT}n{number} [label="{_in_dot(name)}"];\n'
    for src, dst, attributes in given.edges:
        label = _plain(attributes.get("lines", attributes.get("imports", "")))
        yield f'{_INDENT}n{numbers[src]} -> n{numbers[dst]} [label="{label}"];\n'
    yield "}\n"


def _in_dot(text: str) -> str:
    """Graphviz reads backslashes as escapes, and entities even in plain labels."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")


def as_mermaid(given: Graph) -> Iterator[str]:
    """This function will write a Mermaid flowchart of the heaviest edges a renderer takes."""
    ranked = sorted(given.edges, key=lambda edge: (-_weight(edge[2]), edge[0], edge[1]))
    shown = ranked[:MERMAID_EDGES]
    yield "flowchart LR\n"
    yield f"{_INDENT}%% {' '.join(f'{name}={value}' for name, value in given.about.items())}\n"
    yield f"{_INDENT}%% showing {len(shown)} of {len(given.edges)} edges\n"
    ends = set(chain.from_iterable(edge[:2] for edge in shown))
    numbers = _numbers(given)
    for name, number in numbers.items():
        if name in ends or len(given.edges) <= MERMAID_EDGES:
            yield f'{_INDENT}n{number}["{_in_mermaid(name)}"]\n'
    for src, dst, attributes in shown:
        yield f"{_INDENT}n{numbers[src]} -->|{_weight(attributes)}| n{numbers[dst]}\n"


def _weight(attributes: Mapping[str, Any]) -> int:
    return int(attributes.get("imports", len(attributes.get("lines", ()))))


def _in_mermaid(text: str) -> str:
    """Entity codes are all that a label may have besides letters, digits and these."""
    return re.sub(r"[^\w ./-]", lambda sign: f"#{ord(sign[0])};", text)


def _numbers(given: Graph) -> dict[str, int]:
    """Names mean nothing to the formats: `end` is a word of Mermaid, `graph` one of DOT."""
    return {node.name: number for number, node in enumerate(given.nodes)}


FORMATS = {
    "json": Format(as_json, "json", "application/json", "files"),
    "graphml": Format(as_graphml, "graphml", "application/xml", "files"),
    "dot": Format(as_dot, "dot", "text/vnd.graphviz", "components"),
    "mermaid": Format(as_mermaid, "mmd", "text/plain", "components"),
}
"""By the word of `--export`."""
