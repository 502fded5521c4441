"""The layered drawing: nobody stands on another, everything is drawn, needs lead downwards."""

import itertools

from projects import layered


def drawn(edges: dict[tuple[str, str], int]) -> tuple[layered.Drawing, dict[str, layered.Box]]:
    """This function will draw edges and give the boxes by name."""
    drawing = layered.draw({name for ends in edges for name in ends}, edges)
    return drawing, {box.name: box for box in drawing.boxes}


def test_whoever_needs_another_stands_above_it() -> None:
    _, box = drawn({("web", "core"): 1, ("web", "db"): 1, ("core", "db"): 1})

    assert box["web"].y < box["core"].y < box["db"].y


def test_of_a_circle_the_lightest_edge_leads_back() -> None:
    drawing, box = drawn({("a", "b"): 9, ("b", "c"): 9, ("c", "a"): 1})

    assert [(line.src, line.dst) for line in drawing.lines if line.back] == [("c", "a")]
    assert box["a"].y < box["b"].y < box["c"].y


def test_no_edge_outside_of_circles_leads_back() -> None:
    edges = {(f"a{n}", f"a{(n + 1) % 5}"): 1 for n in range(5)}
    edges |= {(f"b{n}", f"b{(n + 1) % 5}"): 9 for n in range(5)}
    edges |= {(f"a{n}", f"b{n}"): 1 for n in range(5)}

    drawing, _ = drawn(edges)

    assert not [line for line in drawing.lines if line.back and line.src[0] != line.dst[0]]


def test_every_node_and_edge_is_drawn_once_and_no_box_lies_on_another() -> None:
    names = [f"n{number}" for number in range(60)]
    edges = {(names[n * 7 % 60], names[n * n * 3 % 60]): 1 for n in range(200)}

    drawing = layered.draw(names, edges)

    assert sorted(box.name for box in drawing.boxes) == sorted(names)
    assert {(line.src, line.dst) for line in drawing.lines} == {e for e in edges if e[0] != e[1]}
    for one, other in itertools.combinations(drawing.boxes, 2):
        assert one.y != other.y or abs(one.x - other.x) >= layered.BOX_WIDTH
    assert all(0 <= box.x <= drawing.width - layered.BOX_WIDTH for box in drawing.boxes)
    assert all(0 <= box.y <= drawing.height - layered.BOX_HEIGHT for box in drawing.boxes)


def test_the_same_graph_is_drawn_the_same_whatever_its_order() -> None:
    edges = {(f"n{n % 7}", f"n{n % 5}"): n for n in range(35)}
    turned = dict(reversed(edges.items()))

    assert layered.draw("".join(sorted(edges)[0]), edges) == layered.draw(
        "".join(sorted(edges)[0]), turned
    )
    assert drawn(edges)[0] == drawn(turned)[0]
