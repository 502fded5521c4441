"""The child that reads blobs and writes facts: `python -m projects.mapping.extract [--each]`.

stdin is git's own `cat-file --batch` stream, `<blob> <type> <size> <key>` before each blob, where
key is one of `readers`, or begins with `-` for a file of which only the lines are counted. stdout gets one line
a blob: `<blob> <key> ` and then, with tabs between them, three pieces of JSON: the head, which has
all that is not in the others and `defined`, their number; what the file says to its resolver; and
its definitions. It imports no Django, holds no secret, and may die: the parent goes on without the
blob that killed it. With --each every line is written at once, so the parent knows which one that
was.
"""

import json
import re
import signal
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import IO, Any

from projects.mapping import readers
from projects.mapping.linguist import heuristics, signs

CHUNK = 1 << 20
_LONGEST = 500  # characters of what it said
SAYS_TOO_MUCH = "says too much"
MOST_SAID = 8 << 20  # characters for one blob; a lock file of 4 MiB says less
PATIENCE_S = 10  # processor time for one blob; Django's largest takes 0.1 s
SILENCE_S = 1
_ZERO = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_reader = cache(readers.reader)


def main(each: bool, clock: Callable[[], float] = time.monotonic) -> None:
    """This function will answer every blob of stdin with one line on stdout.

    What is answered waits no longer than for the end of a blob that takes its time: whoever
    listens takes silence for a fault.
    """
    told = clock()
    stream = open(0, "rb", buffering=CHUNK, closefd=False)  # noqa: SIM115 — stdin stays open
    write = sys.stdout.write
    for header in stream:
        # Unhandled, this signal ends the process even inside the parser's C code.
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_S)
        blob, kind, *rest = header.decode().split()
        if kind == "missing":
            write(f"{blob} - {_line({'skip': 'missing'})}\n")
            continue
        size, key = int(rest[0]), rest[1]
        reader = (_count if readers.counts_only(key) else _parse)(key)
        write(f"{blob} {key} {_line(reader(stream, size))}\n")
        stream.read(1)
        if each or clock() - told > SILENCE_S:
            sys.stdout.flush()
            told = clock()
    sys.stdout.flush()


def _line(facts: dict[str, Any]) -> str:
    said = facts.pop("imports", facts.pop("manifest", None))
    definitions = facts.pop("definitions", ())
    pieces = [_json(facts | {"defined": len(definitions)}), _json(said), _json(definitions)]
    if sum(map(len, pieces)) > MOST_SAID:
        return _line({"lines": facts.get("lines", 0), "skip": SAYS_TOO_MUCH})
    return "\t".join(pieces)


def _json(value: Any) -> str:
    """Without zeros and halves of characters, which no database takes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not text.isascii():
        text = text.encode(errors="replace").decode()
    return _ZERO.sub(r"\1?", text) if "\\u0000" in text else text


def _parse(key: str) -> Callable[[IO[bytes], int], dict[str, Any]]:
    def read(stream: IO[bytes], size: int) -> dict[str, Any]:
        source = stream.read(size)
        if b"\0" in source:
            return {"skip": "binary", "lines": 0}
        line_ends = source.count(b"\n")
        lines = line_ends + (source[-1:] not in (b"", b"\n"))
        shown = _shown(source[: signs.HEAD], source[-signs.TAIL :], size, line_ends)
        try:
            return {"lines": lines, **shown, **_reader(key)(source)}
        except Exception as error:  # whatever it is, it costs this file alone
            sys.stderr.write(f"{key}: {type(error).__name__}: {error}"[:_LONGEST] + "\n")
            return {"lines": lines, "skip": readers.CRASHED}

    return read


def _shown(head: bytes, tail: bytes, size: int, line_ends: int) -> dict[str, Any]:
    found = signs.found(head, tail, size, line_ends)
    return {"signs": found} if found else {}


def _count(key: str) -> Callable[[IO[bytes], int], dict[str, Any]]:
    suffix = readers.suffix_of(key)

    def read(stream: IO[bytes], size: int) -> dict[str, Any]:
        """Chunk by chunk: a blob may be larger than the memory this process is given."""
        left, lines, head, tail = size, 0, b"", b""
        binary = False
        while left:
            chunk = stream.read(min(left, CHUNK))
            if not chunk:
                raise EOFError("the stream of blobs broke off")
            left -= len(chunk)
            lines += chunk.count(b"\n")
            head = head or chunk[: heuristics.HEAD]
            tail = (tail + chunk)[-signs.TAIL :]
            binary = binary or b"\0" in chunk
        if binary:
            return {"skip": "binary", "lines": 0}
        ended = lines + (tail[-1:] not in (b"", b"\n"))
        shown = _shown(head[: signs.HEAD], tail, size, lines)
        return {"lines": ended, **shown, **_told(head, suffix)}

    return read


def _told(head: bytes, suffix: str) -> dict[str, str]:
    """What the first lines ask for, and what the text looks like."""
    asks = {
        "mode": signs.mode(head[: signs.HEAD]),
        "interpreter": signs.interpreter(head),
        "guess": heuristics.language_of(suffix, head) if suffix else "",
    }
    return {name: said for name, said in asks.items() if said}


if __name__ == "__main__":
    main("--each" in sys.argv)
