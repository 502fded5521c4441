"""What a file is for, from its path: tests, documentation, and what nobody here wrote."""

import re

VENDORED, GENERATED, DOCUMENTATION, TEST = "vendored", "generated", "documentation", "test"
_RULES = (
    (VENDORED, re.compile(r"(^|/)(vendor|node_modules|third_party|bower_components)/")),
    (DOCUMENTATION, re.compile(r"(^|/)docs?/")),
    (TEST, re.compile(r"(^|/)(tests?|testing|__tests__|spec)/|(^|/)(test_[^/]+|conftest)\.py$")),
)


def role_of(path: str) -> str:
    """This function will say what a file is for; '' is the code itself."""
    return next((role for role, rule in _RULES if rule.search(path)), "")
