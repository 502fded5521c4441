"""Static files as production serves them: collected, hashed, compressed, by the real web server."""

import gzip
import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.live.stack import Stack, stack

TYPES = {
    "css": 'text/css; charset="utf-8"',
    "js": 'text/javascript; charset="utf-8"',
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
    "json": "application/json",
    "map": "application/json",
}


@pytest.fixture(scope="module")
def product(scratch_database: services.ScratchDatabase) -> Iterator[Stack]:
    """This fixture will run a web server with collected files."""
    with stack(scratch_database, FACTORY_STATIC="collected") as running:
        services.manage(
            "collectstatic", "--noinput", "--verbosity=0", environment=running.environment
        )
        root = Path(running.environment["FACTORY_HOME"]) / "static"
        for ending in TYPES.keys() - {"css", "js", "svg"}:  # we may come to ship such files
            (root / f"sample.{ending}").write_bytes(b"{}")
        running.start("web")
        yield running


def ask(product: Stack, path: str, method: str = "GET", **headers: str) -> Any:
    """This function will send one request and give the answer with its body read."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    client = http.client.HTTPConnection("127.0.0.1", product.port, timeout=30)
    with closing(client):
        client.request(method, path, headers=named)
        answer = client.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        return answer


@pytest.fixture(scope="module")
def sheet(product: Stack) -> str:
    """This fixture will give the address of the style sheet as the log-in page names it."""
    page = ask(product, "/login/").body.decode()
    found = re.search(r'"(/static/factory/skin\.[0-9a-f]{12}\.css)"', page)
    assert found
    return found[1]


def test_every_file_a_page_names_is_kept_for_a_year(product: Stack) -> None:
    page = ask(product, "/login/").body.decode()

    for path in set(re.findall(r'"(/static/[^"#]+)', page)):
        answer = ask(product, path)
        assert answer.status == 200, path
        assert answer.getheader("Cache-Control") == "max-age=31536000, public, immutable", path
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", path)


def test_a_file_without_a_hash_is_asked_for_again_soon(product: Stack) -> None:
    answer = ask(product, "/static/factory/skin.css")

    assert answer.getheader("Cache-Control") == "max-age=60, public"


def test_a_page_is_not_kept(product: Stack) -> None:
    session = product.session("member")

    answer = ask(product, "/", Cookie=f"sessionid={session}")

    kept = answer.getheader("Cache-Control")
    assert b"Harbour" in answer.body
    assert "no-store" in kept
    assert "no-cache" in kept
    assert "private" in kept


@pytest.mark.parametrize("ending", TYPES)
def test_each_kind_of_file_says_what_it_is(product: Stack, ending: str) -> None:
    ours = {"css": "factory/skin.css", "js": "factory/live.js", "svg": "factory/icons.svg"}

    answer = ask(product, f"/static/{ours.get(ending, f'sample.{ending}')}")

    assert answer.status == 200
    assert answer.getheader("Content-Type") == TYPES[ending]
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Access-Control-Allow-Origin") is None


def test_head_tells_the_same_without_a_body(product: Stack, sheet: str) -> None:
    whole, head = ask(product, sheet), ask(product, sheet, "HEAD")

    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "Cache-Control", "Last-Modified"):
        assert head.getheader(name) == whole.getheader(name)


def test_what_a_browser_has_already_is_not_sent_again(product: Stack, sheet: str) -> None:
    known = ask(product, sheet)

    by_date = ask(product, sheet, If_Modified_Since=known.getheader("Last-Modified"))
    by_tag = ask(product, sheet, If_None_Match=known.getheader("ETag"))

    assert (by_date.status, by_date.body) == (304, b"")
    assert (by_tag.status, by_tag.body) == (304, b"")


def test_what_a_browser_has_no_longer_is_sent(product: Stack, sheet: str) -> None:
    old = "Sat, 01 Jan 2000 00:00:00 GMT"

    assert ask(product, sheet, If_Modified_Since=old).status == 200
    assert ask(product, sheet, If_None_Match='"another"').status == 200


def test_a_browser_that_takes_gzip_gets_less(product: Stack, sheet: str) -> None:
    plain, packed = ask(product, sheet), ask(product, sheet, Accept_Encoding="gzip, br")

    assert plain.getheader("Content-Encoding") is None
    assert packed.getheader("Content-Encoding") == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2
    assert "Accept-Encoding" in plain.getheader("Vary")


@pytest.mark.parametrize(
    "path",
    [
        "/static/factory/nowhere.css",
        "/static/factory/skin.000000000000.css",
        "/static/",
        "/static/../settings.py",
        "/static/%2e%2e/secret_key",
        "/static/staticfiles.json/x",
    ],
)
def test_what_is_not_there_is_not_found(product: Stack, path: str) -> None:
    assert ask(product, path).status == 404


def test_an_act_on_a_file_is_refused(product: Stack, sheet: str) -> None:
    assert ask(product, sheet, "POST").status == 405


def test_the_pages_name_nothing_outside_the_product(product: Stack) -> None:
    root = Path(product.environment["FACTORY_HOME"]) / "static"
    named = json.loads((root / "staticfiles.json").read_text())["paths"]

    ours = [path for path in named.values() if path.startswith("factory/")]
    addresses = re.compile(r"(?:url\(|import |fetch\()[\s\"']*(?:https?:)?//")

    assert len(ours) >= 5
    for path in ours:
        assert not addresses.search((root / path).read_text(errors="replace")), path
