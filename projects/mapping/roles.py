"""What a file is for: tests, documentation, and what nobody here wrote.

Vendored, generated and documentation are linguist's rules; they have no share in the languages.
"""

from collections.abc import Collection, Mapping

from projects.mapping.linguist import places, signs, tongues

VENDORED, GENERATED, DOCUMENTATION, TEST = "vendored", "generated", "documentation", "test"
_TESTS = r"""
    (^|/)(?:tests?|testing|__tests__|specs?|e2e|testsuite|unittests?)/
    (^|/)(?:test_[^/]+|conftest|tests)\.py$
    _tests?\.(?:py|go|cc|cpp|c|rb|rs|exs|dart|js|ts)$
    _spec\.rb$
    \.(?:test|spec|cy)\.[cm]?[jt]sx?$
    [a-z0-9](?:Tests?|Spec|IT)\.(?:java|kt|cs|php|scala|swift)$
"""
_RULES = (
    (VENDORED, places.VENDORED),
    (GENERATED, places.GENERATED),
    (DOCUMENTATION, places.DOCUMENTATION),
    (TEST, places.Rules(_TESTS.split())),
)
Said = Mapping[str, bool | str]
"""What `.gitattributes` say of one file: true, false or a text, by attribute."""
LANGUAGE, DETECTABLE = "linguist-language", "linguist-detectable"
_ROLE = "linguist-"  # and the role
_NOT_COUNTED = (VENDORED, GENERATED, DOCUMENTATION)


def role_of(path: str) -> str:
    """This function will say what a file is for by its path; '' is the code itself."""
    return next((role for role, rule in _RULES if rule.search(path)), "")


def decide(path: str, role: str, shown: Collection[str], said: Said) -> tuple[str, bool]:
    """This function will say what a file is for, and whether its language may have a share of it.

    `role` is what its path told, `shown` the `signs` its text gave, `said` what the repository
    declares of it, which goes before all others.
    """
    if said:
        role = _declared(path, said)
    if _ROLE + GENERATED in said or role in _NOT_COUNTED:
        return role, role not in _NOT_COUNTED
    if signs.means_generated(path, shown):
        return GENERATED, False
    return (GENERATED, True) if signs.MARKED in shown else (role, True)


def _declared(path: str, said: Said) -> str:
    """The first role whose attribute says so, or whose rule does where no attribute speaks."""
    for role, rule in _RULES:
        known = said.get(_ROLE + role)
        if known or (known is None and rule.search(path)):
            return role
    return ""


def has_share(language: str, counted: bool, said: Said) -> bool:
    """This function will say whether a file counts in the shares of languages."""
    detectable = said.get(DETECTABLE)
    known = language in tongues.COUNTED if detectable is None else bool(detectable)
    return counted and known
