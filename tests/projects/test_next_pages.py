"""The addresses a site of Next.js answers by the places of its files."""

import pytest

from projects.mapping.made import MapFile
from projects.mapping.structure import next_pages

SAID = {
    "manifest.package_json": {
        "my-app/package.json": {"dependencies": [["next", "^15", "", 3]]},
        "package.json": {"dependencies": []},
    }
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("my-app/pages/index.tsx", ["/"]),
        ("my-app/src/pages/posts/[id].js", ["/posts/[id]"]),
        ("my-app/pages/api/users/index.ts", ["/api/users"]),
        ("my-app/app/page.tsx", ["/"]),
        ("my-app/app/(shop)/cart/page.tsx", ["/cart"]),
        ("my-app/app/api/users/route.ts", ["/api/users"]),
        ("my-app/pages/_app.tsx", []),
        ("my-app/app/_parts/page.tsx", []),
        ("my-app/app/cart/form.tsx", []),
        ("my-app/pages/style.css", []),
        ("pages/index.tsx", []),
    ],
)
def test_a_page_answers_the_address_of_its_place(path, expected):
    file = MapFile(path, "0", "TSX", 1, 1, 0, "", "", "")

    assert [one["route"] for one in next_pages.routes([file], SAID)] == expected
