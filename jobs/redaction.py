"""Secrets are taken out of text before it is stored, logged or sent."""

import re

MARK = "[redacted]"

# Each is linear in the length of the text: no repetition without a bound before what must follow.
_PATTERNS = (
    re.compile(r"(?P<keep>[a-z][a-z0-9+.-]{0,20}://)[^\s/?#]+@", re.IGNORECASE),
    re.compile(
        r"(?P<keep>\bauthorization[\"']?\s{0,5}[:=]\s{0,5}[\"']?"
        r"(?:(?:basic|bearer|digest|negotiate|token)\s{1,5})?)[^\s\"',]+",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?P<keep>(?:password|passwd|secret|token|api[_-]?key)"
        r"(?:[_-]?(?:access|private|signing)?[_-]?key)?[\"']?\s{0,5}[:=]\s{0,5}[\"']?)"
        r"[^\s\"'&,;]{4,}",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<keep>)gh[pousr]_[A-Za-z0-9_]{16,}"),
    re.compile(r"(?P<keep>)github_pat_[A-Za-z0-9_]{20,}"),
    re.compile(r"(?P<keep>)fct_[A-Za-z0-9_-]{20,}"),
    re.compile(r"(?P<keep>)glpat-[A-Za-z0-9_-]{16,}"),
    re.compile(r"(?P<keep>)xox[abeprs]-[A-Za-z0-9-]{10,}"),
    re.compile(r"(?P<keep>)(?<![\w-])(?:sk|pk)-[A-Za-z0-9_-]{20,}"),
    re.compile(r"(?P<keep>)AKIA[0-9A-Z]{16}"),
    re.compile(r"(?P<keep>)(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),
    re.compile(
        r"(?P<keep>)-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}-----|\Z)"
    ),
)

_HINT = re.compile(
    r"://|authorization|passw|secret|token|api[_-]?key|gh[pousr]_|github_pat_|fct_|glpat-|xox|sk-|pk-"
    r"|AKIA|eyJ|BEGIN ",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """This function will replace whatever looks like a credential in `text` by a mark.

    It knows addresses with user information, Authorization headers, `name=value` pairs whose name
    speaks of a secret, and the published token formats of common hosts. Applying it twice changes
    nothing more.
    """
    if not _HINT.search(text):
        return text
    for pattern in _PATTERNS:
        text = pattern.sub(_replacement, text)
    return text


def _replacement(match: re.Match[str]) -> str:
    at = "@" if match.group().endswith("@") else ""
    return f"{match['keep']}{MARK}{at}"


# C0 and C1 control characters, and those that turn the direction of text around them.
_SIGNS: dict[int, str] = {code: chr(0x2400 + code) for code in range(0x20) if code not in (9, 10)}
_SIGNS |= dict.fromkeys([*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "�")


def visible(text: object) -> str:
    """This function will replace control characters, but not tabs and newlines, by visible signs.

    What pages, the admin and terminals show of text nobody here wrote goes through it.
    """
    return str(text).translate(_SIGNS)
