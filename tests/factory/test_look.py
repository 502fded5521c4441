"""The design system: few tokens, each used; marks that can be seen in both themes; no dead rules."""

import re
from pathlib import Path

import pytest

from tests.services import ROOT

STATIC = ROOT / "factory/static/factory"
SHEETS = {name: (STATIC / f"{name}.css").read_text() for name in ("tokens", "skin", "admin")}
TOKENS = dict(re.findall(r"(--[\w-]+): (light-dark\([^;]+\)|#\w+);", SHEETS["tokens"]))
STATES = re.findall(r"\.mark-([\w-]+)", SHEETS["tokens"])
# A class that is put together of a word of the product and what stands before it.
MADE = re.compile(r"^(?:mark|sgr|look|priority|theme|is|l|h|k|dash)-[\w]+$")


def colour(name: str, theme: int) -> tuple[float, ...]:
    """This function will give red, green and blue of a token in the light (0) or dark (1) theme."""
    found = re.findall(r"#([0-9a-f]{6})", TOKENS[name])
    text = found[min(theme, len(found) - 1)]
    return tuple(int(text[at : at + 2], 16) / 255 for at in (0, 2, 4))


def luminance(rgb: tuple[float, ...]) -> float:
    """This function will give the relative luminance as WCAG 2.1 defines it."""
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str, theme: int) -> float:
    """This function will give the contrast of two tokens, from 1 to 21."""
    dark, light = sorted(luminance(colour(name, theme)) for name in (one, other))
    return (light + 0.05) / (dark + 0.05)


def named_in() -> list[Path]:
    """This function will give whatever may name a class or a symbol: templates, code and scripts."""
    found = [*ROOT.glob("templates/**/*.html"), *STATIC.glob("*.js")]
    for package in ("factory", "jobs", "projects"):
        found += [path for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]
    return found


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["--bg", "--surface", "--raised"])
def test_a_mark_can_be_told_from_its_ground(ground: str, theme: int) -> None:
    used = re.findall(r"--c: var\((--[\w-]+)\)", SHEETS["tokens"])

    assert len(used) > 10
    for name in used:
        assert contrast(name, ground, theme) >= 3, name


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_every_ground(theme: int) -> None:
    grounds = ["--bg", "--surface", "--raised"]
    washes = ["--accent-wash", "--danger-wash", "--warn-wash", "--good-wash"]

    for ground in [*grounds, *washes]:
        for text in ("--text", "--quiet"):
            assert contrast(text, ground, theme) >= 4.5, (text, ground)
    for text in ("--accent", "--danger", "--warn"):
        assert contrast(text, "--surface", theme) >= 4.5, text
    for fill in ("--accent-fill", "--danger-fill"):
        assert contrast("--on-accent", fill, theme) >= 4.5, fill


def test_a_state_has_one_glyph_of_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))

    assert set(STATES) - drawn == {"begun"} & set(STATES)
    assert len(STATES) == len(set(STATES))


def test_the_sprite_takes_the_colour_of_the_text() -> None:
    sprite = (STATIC / "icons.svg").read_text()

    assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', sprite)) <= {"currentColor"}


def test_every_symbol_of_the_sprite_is_drawn_somewhere() -> None:
    symbols = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    named = "\n".join(path.read_text() for path in named_in())

    assert len(symbols) > 15
    assert {one for one in symbols if f'"{one}"' not in named} == set()


def test_every_token_is_used() -> None:
    rules = "".join(SHEETS.values())

    assert len(TOKENS) > 30
    assert {name for name in TOKENS if f"var({name})" not in rules} == set()


@pytest.mark.parametrize("name", SHEETS)
def test_a_token_that_is_used_is_there(name: str) -> None:
    rules = "".join(SHEETS.values())

    used = set(re.findall(r"var\((--[\w-]+)\)", SHEETS[name]))

    assert {one for one in used if not re.search(rf"{one}:", rules)} == set()


def classes_named() -> set[str]:
    """This function will give each word that stands where a class may be named."""
    said = r'class="[^"]*"|\{% block \w*class %\}[^\n]*?\{% endblock|"[^"\n]*"|\'[^\'\n]*\''
    in_pages = r'class="[^"]*"|\{% block \w*class %\}[^\n]*?\{% endblock'
    found: set[str] = set()
    for path in named_in():
        places = re.findall(in_pages if path.suffix == ".html" else said, path.read_text())
        found.update(word for place in places for word in re.findall(r"[\w-]+", place))
    return found


def test_every_class_of_the_skin_stands_on_some_page() -> None:
    rules = re.sub(r"\{[^{}]*\}|/\*.*?\*/", " ", SHEETS["skin"], flags=re.DOTALL)
    classes = set(re.findall(r"\.([a-z][\w-]*)", rules))

    named = classes_named()

    assert len(classes) > 150
    assert {one for one in classes - named if not MADE.match(one)} == set()
