"""The treemap: nothing overlaps, nothing is lost, and it is fast."""

import time

import pytest

from projects import treemap
from projects.treemap import Rect

pytest.importorskip("hypothesis", reason="it is in requirements-dev.txt")
from hypothesis import given
from hypothesis import strategies as st

WHOLE = Rect(0, 0, 1200, 640)


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
    files = [(f"a{n % 7}/b{n % 31}/f{n}.py", "Python", n % 50) for n in range(3000)]

    tiles = treemap.layout(treemap.tree(files), 1200, 640, most=500)

    assert len(tiles) <= 500
    counted = sum(tile.files for tile in tiles if tile.kind != "folder")
    assert counted == sum(lines > 0 for _, _, lines in files)


def test_5000_rectangles_take_well_under_a_second() -> None:
    files = [(f"d{n % 200}/f{n}.py", "Python", 1 + n % 300) for n in range(5000)]
    begun = time.process_time()

    tiles = treemap.layout(treemap.tree(files), 2400, 1280, most=10_000)

    assert len(tiles) >= 5000
    assert time.process_time() - begun < 5  # 0.1 s when nobody traces it


def test_a_map_without_lines_has_no_tiles() -> None:
    root = treemap.tree([("logo.png", "Other", 0)])

    assert treemap.layout(root, 1200, 640, most=10) == []


def test_more_files_in_one_folder_than_tiles_are_counted_in_a_rest() -> None:
    files = [(f"f{n}.py", "Python", 1 + n % 300) for n in range(3000)]

    tiles = treemap.layout(treemap.tree(files), 1200, 640, most=100)

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
)
def test_no_layout_has_more_tiles_than_allowed_nor_loses_a_file(
    given_files: list[tuple[list[str], int]], most: int
) -> None:
    files = [
        ("/".join([*names, f"{n}.py"]), "x", lines) for n, (names, lines) in enumerate(given_files)
    ]

    tiles = treemap.layout(treemap.tree(files), 1000, 600, most)

    assert len(tiles) <= most
    assert sum(tile.files for tile in tiles if tile.kind != "folder") == len(files)
    for tile in tiles:
        assert tile.rect.x + tile.rect.width <= 1000.01
        assert tile.rect.y + tile.rect.height <= 600.01
