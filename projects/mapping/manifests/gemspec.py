"""A `.gemspec`: a gem's name, version and what it needs.

Source of the format: RubyGems' specification reference. It is Ruby and is not run: a version that
is computed stays ''.
"""

import re
from typing import Any

from projects.mapping.manifests.gemfile import constraints

ECOSYSTEM = "rubygems"
_FIELD = re.compile(r"""^\s*\w+\.(name|version)\s*=\s*(["'])([^"'#{}\n]{1,200})\2""")
_NEED = re.compile(
    r"""^\s*\w+\.add_(runtime_|development_)?dependency[\s(]+(["'])([\w.-]{1,200})\2(.*)"""
)
_MOST = 5000


def facts(source: bytes) -> dict[str, Any]:
    """This function will read one gemspec."""
    said: dict[str, Any] = {"name": "", "version": ""}
    found: list[list[Any]] = []
    for number, line in enumerate(source.decode(errors="replace").splitlines(), 1):
        field, need = _FIELD.match(line[:1000]), _NEED.match(line[:1000])
        if field:
            said[field[1]] = said[field[1]] or field[3]
        elif need:
            scope = "dev" if need[1] == "development_" else ""
            found.append([need[3], ", ".join(constraints(need[4])), scope, number])
    return {"manifest": said | {"dependencies": found[:_MOST]}, "broken": len(found) > _MOST}
