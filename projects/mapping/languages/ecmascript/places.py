"""Which file a place means: extensions that are added or exchanged, folders, built output.

Source: the TypeScript handbook, "Modules - Reference", and Node's documentation of modules.
"""

import re
from collections.abc import Iterable, Iterator

# What is written is the name of the script that will be; what is there may be its source.
_EXCHANGED = {
    ".js": (".ts", ".tsx", ".d.ts", ".js", ".jsx"),
    ".jsx": (".tsx", ".ts", ".d.ts", ".jsx", ".js"),
    ".mjs": (".mts", ".d.mts", ".mjs"),
    ".cjs": (".cts", ".d.cts", ".cjs"),
    ".ts": (".ts", ".tsx", ".d.ts", ".js", ".jsx"),
    ".tsx": (".tsx", ".ts", ".d.ts", ".jsx", ".js"),
}
_ADDED = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs", ".json")
_ADDED += (".vue", ".svelte")
_OUTPUT = re.compile(
    r"(dist|lib|build|built|out|output|esm?|cjs|umd|types|typings|dts|module|node_modules)(-.*)?\Z"
)
_BUILT = re.compile(r"(\.(d|min|prod|cjs|esm|umd|mjs))*\.[cm]?[jt]sx?\Z")


class Places:
    """Every file of a repository, and how what is written leads to one."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = frozenset(paths)
        near = {folder_of(path) for path in self.paths}
        self.folders = near.union(*map(above, near))

    def file(self, place: str) -> str | None:
        """This method will give the file a place means, as TypeScript prefers them."""
        stem, extension = _split(place)
        for other in _EXCHANGED.get(extension, ()):
            if stem + other in self.paths:
                return stem + other
        if extension and place in self.paths:
            return place
        if not place or place.endswith("/"):
            return None
        for added in _ADDED:
            if place + added in self.paths:
                return place + added
        return place if place in self.paths else None

    def index(self, folder: str) -> str | None:
        """This method will give the file a folder means that says nothing of itself."""
        return self.file(join(folder, "index"))

    def source(self, folder: str, target: str) -> str | None:
        """This method will give what a file of a package is built from that is not kept.

        By the names people give: dist/a/b.js is made of src/a/b.ts or a/b.ts, or of src/b.ts where
        `a` is a format.
        """
        parts = _BUILT.sub("", target.removeprefix("./")).split("/")
        if not _OUTPUT.match(parts[0]):
            return None
        for dropped in range(1, len(parts)):
            rest = "/".join(parts[dropped:])
            for root in ("src", ""):
                found = self.file(join(folder, join(root, rest)))
                if found:
                    return found
        return None


def above(path: str) -> Iterator[str]:
    """This function will give the folders a file lies in, the nearest first, '' the last."""
    while path:
        path = folder_of(path)
        yield path


def folder_of(path: str) -> str:
    """This function will give the folder of a file or folder."""
    return path.rpartition("/")[0]


def join(folder: str, rest: str) -> str:
    """This function will put together what may be empty."""
    return f"{folder}/{rest}" if folder and rest else folder or rest


def walk(folder: str, written: str) -> str | None:
    """This function will follow a relative name from a folder; None is outside the repository."""
    parts = folder.split("/") if folder else []
    for part in written.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _split(place: str) -> tuple[str, str]:
    name = place.rpartition("/")[2]
    dot = name.rfind(".")
    return (place, "") if dot <= 0 else (place[: dot - len(name)], name[dot:])
