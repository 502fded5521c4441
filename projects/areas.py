"""What lies in the folders of a map, counted in the database: a page need not read every file."""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from projects.mapping.linguist import tongues
from projects.models import History, SystemMap

LARGEST = 3000
"""So many files are named; of the others a folder knows how many they are, and their lines."""
_HISTORY = "LEFT JOIN history_file f ON f.history_id = %(history)s AND f.path = n.path"
_MEANT = """
    map_sighting s JOIN map_node n ON n.id = s.node_id AND n.repository_id = %(repository)s {history}
    WHERE s.repository_id = %(repository)s {under} {component}
"""
# `left` of minus one leaves the last letter out; of 0, where there is no slash, it leaves nothing.
_FOLDERS = """
    SELECT left(n.path, -strpos(reverse(n.path), '/')) COLLATE "C", s.language, sum(s.lines)::bigint,
           count(*) FILTER (WHERE s.lines > 0), count(*) {columns}
    FROM {meant} GROUP BY 1, 2 {columns}
"""
# The smallest of those that are named may be any of equals, so paths are not read to choose them.
_FILES = """
    SELECT (SELECT path FROM map_node WHERE id = q.node_id), q.* FROM (
      SELECT s.node_id, s.lines {columns} FROM {meant} AND s.lines > 0 {shown} {directly}
      ORDER BY s.lines DESC, s.node_id LIMIT %(most)s) q
"""
_SHOWN = "AND s.language = ANY(%(languages)s)"
_UNDER = "AND starts_with(n.path, %(under)s)"
_COMPONENT = "AND s.component = %(component)s"
_DIRECTLY = "AND strpos(substr(n.path, length(%(under)s) + 1), '/') = 0"
_WRITTEN = sorted(tongues.COUNTED)
Values = tuple[Any, ...]


@dataclass(frozen=True)
class Areas:
    """Files with lines: `folders` have (path, values, lines, files) of those directly in them.

    `files` are the largest as (path, values, lines); `values` those of the columns asked for.
    `other` are the files and lines of text that is no code, where that was not asked for, `blank`
    the files without lines.
    """

    folders: list[tuple[str, Values, int, int]]
    files: list[tuple[str, Values, int]]
    other: tuple[int, int]
    blank: int


@dataclass(frozen=True)
class Asked:
    """A part of a map, and what must be known of its files.

    `under` is a folder, `component` None for all of them, `text` whether all text counts or only
    code: programming and markup languages. `columns` are expressions of SQL over `s`, a sighting,
    and `f`, what is known of the file by the `history`.
    """

    map: SystemMap
    under: str
    component: str | None
    text: bool
    columns: tuple[str, ...]
    history: History | None

    def areas(self) -> Areas:
        """This method will count what lies in each folder, and name the largest files."""
        folders: list[tuple[str, Values, int, int]] = []
        blank, files_of_other, lines_of_other = 0, 0, 0
        for folder, language, lines, files, every, *values in self._rows(_FOLDERS):
            blank += every - files
            if not self.text and language not in tongues.COUNTED:
                files_of_other, lines_of_other = files_of_other + files, lines_of_other + lines
            elif files:
                folders.append((folder, tuple(values), lines, files))
        files_named = self._files(LARGEST)
        return Areas(folders, files_named, (files_of_other, lines_of_other), blank)

    def directly(self, most: int) -> list[tuple[str, Values, int]]:
        """This method will name the largest files that lie in the folder itself."""
        return self._files(most, _DIRECTLY)

    def _files(self, most: int, directly: str = "") -> list[tuple[str, Values, int]]:
        shown = "" if self.text else _SHOWN
        rows = self._rows(_FILES, most, shown=shown, directly=directly)
        return [(path, tuple(values), lines) for path, _, lines, *values in rows]

    def _rows(self, statement: str, most: int = 0, **more: str) -> list[tuple[Any, ...]]:
        meant = _MEANT.format(
            history=_HISTORY if self.history else "",
            under=_UNDER if self.under else "",
            component=_COMPONENT if self.component is not None else "",
        )
        values = {
            "repository": self.map.repository_id,
            "under": f"{self.under}/" if self.under else "",
            "component": self.component,
            "languages": _WRITTEN,
            "history": self.history and self.history.pk,
            "most": most,
        }
        columns = "".join(f", {column}" for column in self.columns)
        with connection.cursor() as cursor:
            cursor.execute(statement.format(meant=meant, columns=columns, **more), values)
            return cursor.fetchall()
