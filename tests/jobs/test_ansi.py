"""Colours of terminals: kept as words for the pages, and without a way to do harm."""

import pytest

from jobs import ansi
from jobs.reporting import _harmless


@pytest.mark.parametrize(
    ("line", "spans"),
    [
        ("plain", [((), "plain")]),
        ("\x1b[31mred\x1b[0m not", [(("f1",), "red"), ((), " not")]),
        ("\x1b[1;32mok\x1b[22m still green", [(("bold", "f2"), "ok"), (("f2",), " still green")]),
        ("\x1b[38;5;9mbright\x1b[39m none", [(("f9",), "bright"), ((), " none")]),
        ("\x1b[38;2;1;2;3mnameless", [((), "nameless")]),
        ("\x1b[97;41mon red", [(("f15", "b1"), "on red")]),
        ("\x1b[mreset", [((), "reset")]),
        ("\x1b[38;5", [((), "\x1b[38;5")]),
    ],
)
def test_a_line_is_read_as_a_terminal_would(line: str, spans: list[object]) -> None:
    assert [tuple(span) for span in ansi.spans(line)] == spans


@pytest.mark.parametrize(
    "hostile", ["\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;https://e.org\x1b\\", "\x1b[10A", "\x1bc"]
)
def test_what_does_more_than_colour_is_taken_out_before_it_is_stored(hostile: str) -> None:
    assert _harmless(f"a{hostile}b\x1b[31mc") == "ab\x1b[31mc"
    assert ansi.plain(f"a{hostile}b\x1b[31mc") == "abc"


def test_a_secret_in_two_colours_is_a_secret() -> None:
    kept = _harmless("login gh\x1b[1mp_0123456789abcdef01\x1b[0m done")

    assert "0123456789abcdef" not in kept
    assert kept == "login [redacted] done"
