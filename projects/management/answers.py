"""A map as commands print it: the shapes of docs/reference.md."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jobs.plain import numbered
from projects.mapping import documents
from projects.mapping.made import Map

if TYPE_CHECKING:
    from projects.models import SystemMap


@dataclass(frozen=True)
class Answer:
    """One map, wherever it comes from."""

    head: dict[str, Any]
    content: Callable[[], dict[str, Any]]
    history: Callable[[], dict[str, Any] | None] = lambda: None  # see `projects.history.told`


def of_made(made: Map, repository: int | str, built_at: datetime, behind: int | None) -> Answer:
    """This function will answer with a map that was just made and is not kept."""
    head = {
        "repository": repository,
        "commit": made.commit,
        "behind": behind,
        "extractor": made.extractor,
        "digest": made.digest,
        "built_at": built_at.isoformat(),
        "counts": made.counts,
        "languages": made.languages,
    }
    return Answer(head, lambda: json.loads(made.document()))


def of_stored(
    stored: "SystemMap", behind: int | None, history: Callable[[], dict[str, Any] | None]
) -> Answer:
    """This function will answer with a published map and its repository's history."""
    head = {
        "repository": stored.repository_id,
        "commit": stored.commit,
        "behind": behind,
        "extractor": stored.extractor,
        "digest": stored.digest,
        "built_at": stored.built_at.isoformat(),
        "counts": stored.counts,
        "languages": stored.languages,
    }
    return Answer(head, stored.content, history)


def about(answer: Answer) -> dict[str, str]:
    """This function will say whose map it is and of which commit, for other programs."""
    return {name: str(answer.head[name]) for name in ("repository", "commit", "digest")}


def as_json(answer: Answer, wanted: Sequence[str]) -> dict[str, Any]:
    """This function will give the head, and edges and nodes where wanted."""
    shown = dict(answer.head)
    content = answer.content() if wanted else {}
    if "edges" in wanted:
        shown["edges"] = [
            {"src": src, "dst": dst, "kind": kind, "line": lines[0], "lines": lines}
            for src, dst, kind, lines in content["edges"]
        ]
    if "nodes" in wanted:
        told = answer.history()
        shown["history"] = told and {"commit": told["commit"], "state": told["state"]}
        shown["nodes"] = list(_nodes(content, told and told["files"]))
    return shown


def _nodes(content: dict[str, Any], history: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Null says that nothing is known; a file that no person changed has no commits."""
    unknown = (None, None, None) if history is None else (0, 0, None)
    skips = dict(content["skips"])
    columns = content.get("columns", documents.FIRST_COLUMNS)
    for row in content["files"]:
        file = dict(zip(columns, row, strict=True))
        commits, authors, top_author = (history or {}).get(file["path"], unknown)
        yield {
            **file,
            "kind": "file",
            "skipped": skips.get(file["path"]),
            "commits": commits,
            "authors": authors,
            "top_author": top_author,
        }


def as_lines(shown: dict[str, Any]) -> Iterator[str]:
    """This function will give the same for people."""
    counts = shown["counts"]
    behind = f", {numbered(shown['behind'], 'commit')} behind" if shown["behind"] else ""
    yield f"{shown['repository']} at {shown['commit']}{behind}"
    yield f"extractor {shown['extractor']}, digest {shown['digest'][:16]}, {shown['built_at']}"
    skipped = ", ".join(f"{number} {reason}" for reason, number in counts["skipped"].items())
    said = {
        word: numbered(counts[f"{word}s"], word) for word in ("file", "edge", "cycle", "definition")
    }
    yield f"{said['file']}, {counts['parsed']} parsed; not parsed: {skipped or 'none'}"
    yield (
        f"{said['edge']}, {said['cycle']}, {said['definition']}, "
        f"{numbered(counts['unresolved'], 'unresolved import')}, "
        f"{numbered(counts['broken'], 'file')} with broken syntax"
    )
    for name, totals in shown["languages"].items():
        yield f"{name:24}{totals['files']:>8} files{totals['lines']:>12} lines"
    for edge in shown.get("edges", ()):
        yield f"{edge['src']}:{edge['line']} imports {edge['dst']}"
    for node in shown.get("nodes", ()):
        yield f"{node['path']} ({node['language']}, {numbered(node['lines'], 'line')})"
