"""The treemap: nothing overlaps, nothing is lost, and it is fast."""

import time

import pytest

from projects import treemap
from projects.treemap import Rect

pytest.importorskip("hypothesis", reason="it is in requirements-dev.txt")
from hypothesis import given
from hypothesis import strategies as st

WHOLE = Rect(0, 0, 1200, 640)
File = tuple[str, str, int]


def tree(files: list[File], named: int | None = None) -> treemap.Folder:
    """This function will make the tree of some files, of which the largest are known by name."""
    held: dict[tuple[str, str], list[int]] = {}
    for path, group, lines in files:
        counts = held.setdefault((path.rpartition("/")[0], group), [0, 0])
        counts[0] += lines
        counts[1] += 1
    folders = [(*key, lines, number) for key, (lines, number) in held.items()]
    return treemap.tree(folders, sorted(files, key=lambda file: -file[2])[:named])


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=60))
def test_the_rectangles_fill_the_place_in_proportion(sizes: list[int]) -> None:
    sizes.sort(reverse=True)

    placed = treemap.squarify(sizes, WHOLE)

    for size, rect in zip(sizes, placed, strict=True):
        assert abs(rect.area - size * WHOLE.area / sum(sizes)) < 1
        assert rect.x >= -0.01
        assert rect.x + rect.width <= WHOLE.width + 0.01
        assert rect.y >= -0.01
        assert rect.y + rect.height <= WHOLE.height + 0.01


def test_equal_sizes_give_nearly_squares() -> None:
    placed = treemap.squarify([1.0] * 100, WHOLE)

    assert max(max(r.width / r.height, r.height / r.width) for r in placed) < 2


def test_every_file_with_lines_is_drawn_or_counted_in_a_shut_folder() -> None:
    files = [(f"a{n % 7}/b{n % 31}/f{n}.py", "Python", 1 + n % 50) for n in range(3000)]

    tiles = treemap.layout(tree(files), 1200, 640, most=500)

    assert len(tiles) <= 500
    counted = sum(tile.files for tile in tiles if tile.kind != "folder")
    assert counted == len(files)


def test_5000_rectangles_take_well_under_a_second() -> None:
    files = [(f"d{n % 200}/f{n}.py", "Python", 1 + n % 300) for n in range(5000)]
    begun = time.process_time()

    tiles = treemap.layout(tree(files), 2400, 1280, most=10_000)

    assert len(tiles) >= 5000
    assert time.process_time() - begun < 5  # 0.1 s when nobody traces it


def test_a_map_without_lines_has_no_tiles() -> None:
    assert treemap.layout(treemap.tree([], []), 1200, 640, most=10) == []


def test_more_files_in_one_folder_than_tiles_are_counted_in_a_rest() -> None:
    files = [(f"f{n}.py", "Python", 1 + n % 300) for n in range(3000)]

    tiles = treemap.layout(tree(files), 1200, 640, most=100)

    assert len(tiles) == 100
    assert sum(tile.files for tile in tiles) == 3000
    assert [tile.kind for tile in tiles].count("rest") == 1


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), st.integers(1, 900)),
        min_size=1,
        max_size=120,
    ),
    st.integers(1, 40),
    st.integers(0, 120),
)
def test_no_layout_has_more_tiles_than_allowed_nor_loses_a_file(
    given_files: list[tuple[list[str], int]], most: int, named: int
) -> None:
    files = [
        ("/".join([*names, f"{n}.py"]), "x", lines) for n, (names, lines) in enumerate(given_files)
    ]

    tiles = treemap.layout(tree(files, named), 1000, 600, most)

    assert len(tiles) <= most
    assert sum(tile.kind == "file" for tile in tiles) <= named
    drawn = [tile for tile in tiles if tile.kind != "folder"]
    assert sum(tile.lines for tile in drawn) == sum(lines for _, _, lines in files)
    assert sum(tile.files for tile in tiles if tile.kind != "folder") == len(files)
    for tile in tiles:
        assert tile.rect.x + tile.rect.width <= 1000.01
        assert tile.rect.y + tile.rect.height <= 600.01
