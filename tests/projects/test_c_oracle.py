"""The headers of the Python that runs this, as a compiler's preprocessor reads them."""

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from projects.mapping.languages.c import names, syntax

HEADERS = Path(sysconfig.get_path("include"))
_MARKER = re.compile(r'# \d+ "([^"]+)"((?: \d)*)$')


@pytest.mark.skipif(
    not (shutil.which("gcc") and (HEADERS / "Python.h").exists()),
    reason="needs gcc and the headers of Python (python3-dev)",
)
def test_an_include_means_the_file_a_compiler_reads(tmp_path):
    paths = {str(path.relative_to(HEADERS)) for path in HEADERS.rglob("*.h")}
    tree = names.Tree(paths)

    ours = {
        (path, tree.target(path, text, beside=sign == '"'))
        for path in paths
        for sign, text, _ in syntax.facts((HEADERS / path).read_bytes(), "header")["imports"]
    }

    theirs = _entered(tmp_path)
    assert len(theirs) > 80
    assert theirs <= ours
    answered = {(src, Path(dst).name) for src, dst in theirs}
    judged = {(src, dst) for src, dst in ours if dst and (src, Path(dst).name) in answered}
    assert judged == theirs


def _entered(folder):
    """Who includes whom of the headers below HEADERS, by the preprocessor's own line markers."""
    unit = folder / "unit.c"
    unit.write_text('#include "Python.h"\n')
    argv = ["gcc", "-E", f"-I{HEADERS}", str(unit)]
    told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    around, found = [str(unit)], set()
    for marker in filter(None, map(_MARKER.match, told.splitlines())):
        if "1" in marker[2].split():
            found.add((around[-1], marker[1]))
            around.append(marker[1])
        elif "2" in marker[2].split():
            around.pop()
    start = f"{HEADERS}/"
    return {
        (src.removeprefix(start), dst.removeprefix(start))
        for src, dst in found
        if src.startswith(start) and dst.startswith(start)
    }
