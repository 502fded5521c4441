"""XML as build tools write it, with the lines its elements stand on.

A document that declares entities is refused: no build file needs them, and a few lines of them unfold to
gigabytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from projects.mapping.untrusted import Broken

DEEPEST = 60  # deeper nesting is no manifest


@dataclass(slots=True)
class Element:
    """One element; names are without namespace prefix."""

    name: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def each(self, *names: str) -> Iterator["Element"]:
        """This method will give all elements that a path of names leads to, one level a name."""
        if not names:
            yield self
            return
        for child in self.children:
            if child.name == names[0]:
                yield from child.each(*names[1:])

    def first(self, *names: str) -> str:
        """This method will give the text of the first element a path leads to; '' without one."""
        return next((one.text.strip() for one in self.each(*names)), "")


def read(source: bytes) -> Element:
    """This function will give the outermost element. Raises Broken."""
    reader = _Reader()
    try:
        reader.parser.Parse(source, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Broken(str(error)[:200]) from error
    return reader.top.children[0]


class _Reader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._refuse
        self.parser.buffer_text = True
        self.top = Element("", 0)
        self._open = [self.top]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST:
            raise Broken(f"more than {DEEPEST} levels in each other")
        one = Element(name.rpartition(":")[2], self.parser.CurrentLineNumber, attributes)
        self._open[-1].children.append(one)
        self._open.append(one)

    def _end(self, name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        # What stands beside elements is only the space between them.
        if not self._open[-1].children:
            self._open[-1].text += text

    def _refuse(self, *declared: object) -> None:
        raise Broken("entities are declared")
