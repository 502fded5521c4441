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

    tiles = treemap.layout(files, 1200, 640, most=500)

    assert len(tiles) <= 500
    counted = sum(tile.files for tile in tiles if tile.kind != "folder")
    assert counted == sum(lines > 0 for _, _, lines in files)


def test_5000_rectangles_take_well_under_a_second() -> None:
    files = [(f"d{n % 200}/f{n}.py", "Python", 1 + n % 300) for n in range(5000)]
    begun = time.process_time()

    tiles = treemap.layout(files, 1200, 640, most=10_000)

    assert len(tiles) >= 5000
    assert time.process_time() - begun < 5  # 0.1 s when nobody traces it


def test_a_map_without_lines_has_no_tiles() -> None:
    assert treemap.layout([("logo.png", "Other", 0)], 1200, 640, most=10) == []
