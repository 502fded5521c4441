"""What the files of Composer say of a folder."""

import pytest

from projects.mapping import manifests
from projects.mapping.manifests import composer_json, composer_lock


def test_a_package_of_composer_and_what_it_locks():
    source = b"""{
  "name": "shop/cart",
  "bin": ["bin/cart"],
  "require": {"php": ">=8", "ext-json": "*", "monolog/monolog": "^3"},
  "require-dev": {
    "phpunit/phpunit": "^11"
  },
  "autoload": {"psr-4": {"Shop\\\\": ["src/", "lib/"]}, "psr-0": {"Old_": "old"}}
}"""

    assert composer_json.facts(source)["manifest"] == {
        "name": "shop/cart",
        "dependencies": [["monolog/monolog", "^3", "", 4], ["phpunit/phpunit", "^11", "dev", 6]],
        "autoload": [("Old_", "old", True), ("Shop\\", "lib/", False), ("Shop\\", "src/", False)],
        "bin": [["cart", "bin/cart", 3]],
    }
    lock = b"""{
    "packages": [
        {
            "name": "monolog/monolog",
            "version": "3.5.0"
        }
    ],
    "packages-dev": null
}"""
    assert composer_lock.facts(lock)["manifest"] == {"locked": [["monolog/monolog", "3.5.0", 4]]}


@pytest.mark.parametrize("name", ["composer.json", "composer.lock"])
@pytest.mark.parametrize("source", [b"[" * 500_000, b"[]", b"{", b"\xff"])
def test_what_is_no_object_is_broken(name, source):
    read = manifests.reader(manifests.key_of(name))(source)

    assert read == {"manifest": {}, "broken": True}
