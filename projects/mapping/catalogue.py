"""Languages by file name, under the names github-linguist gives them."""

from projects.mapping.linguist import tongues

OTHER = "Other"

# What linguist leaves to the text of a file, or to nobody, and a name tells all the same.
_NAMES = {
    "Containerfile": "Dockerfile",
    "LICENSE": "Text",
    "COPYING": "Text",
    "AUTHORS": "Text",
    "README": "Text",
}
_SUFFIXES = {"pxd": "Cython", "log": "Text", "cfg": "INI", "ac": "M4", "am": "Makefile"}
# Read by nobody: what is certainly not text need not pass through git and a pipe.
_BINARY_SUFFIXES = """
    7z a avi avif bin bmp bz2 class dat db dll dylib eot exe flac gif gz ico icns iso jar jp2 jpeg
    jpg lib mo mov mp3 mp4 mpeg o obj ogg otf pack parquet pdf pickle pkl png psd pyc pyd pyo rar
    shp so sqlite sqlite3 tar tgz tif tiff ttf war wasm wav webm webp whl woff woff2 xls xlsx xz zip
    zst
"""
_BINARY = frozenset(_BINARY_SUFFIXES.split())


def language_of(path: str) -> str:
    """This function will name the language of a file from its path alone."""
    name = path.rpartition("/")[2]
    known = tongues.BY_NAME.get(name) or _NAMES.get(name)
    if known:
        return known
    rest = name.lower()
    while rest := rest.partition(".")[2]:  # the longest suffix first: `html.erb` before `erb`
        known = _SUFFIXES.get(rest) or tongues.BY_SUFFIX.get(rest)
        if known:
            return known
    return OTHER


def surely_binary(path: str) -> bool:
    """This function will say whether the suffix alone proves that a file is not text."""
    return path.rpartition(".")[2].lower() in _BINARY
