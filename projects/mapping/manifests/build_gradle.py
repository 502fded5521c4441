"""build.gradle, settings.gradle and their .kts: what is written in them as plain text.

A build script is a program; only literal coordinates are read, whatever branch they stand in. What
comes from a version catalogue stands in `gradle_catalog`. Source: Gradle's documentation,
"Declaring dependencies".
"""

import re
from bisect import bisect_left
from typing import Any

ECOSYSTEM = "maven"
_NAME = r"[\w.\-]{1,200}"
_S = r"[ \t]{0,20}"
_WORD = rf"\b([a-z]\w{{1,60}}){_S}\(?{_S}"
_COORDINATES = re.compile(
    rf"""{_WORD}(?:(?:enforcedPlatform|platform){_S}\({_S})?["']({_NAME}):({_NAME})"""
    rf"""(?::([^"'\s:@]{{1,100}}))?(?:[:@][^"'\s]{{0,100}})?["']"""
)
_MAP = re.compile(
    rf"""{_WORD}group{_S}[:=]{_S}["']({_NAME})["'],{_S}name{_S}[:=]{_S}["']({_NAME})["']"""
    rf"""(?:,{_S}version{_S}[:=]{_S}["']([^"'\s]{{1,100}})["'])?"""
)
_PLUGIN = re.compile(
    rf"""\bid{_S}\(?{_S}["']({_NAME})["']{_S}\)?{_S}version{_S}\(?{_S}["']([^"'\s]{{1,100}})["']"""
)
_VERSION = re.compile(rf"""^version{_S}=?{_S}["']([^"'\s$]{{1,100}})["']""", re.MULTILINE)
_ROOT = re.compile(rf"""^rootProject\.name{_S}=?{_S}["']({_NAME})["']""", re.MULTILINE)
_PROJECT = re.compile(rf"""\bproject{_S}\({_S}(?:path{_S}[:=]{_S})?["'](:[\w.:\-]{{1,200}})["']""")
_COMMENT = re.compile(
    r"""("(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)|//[^\n]*|/\*.*?(?:\*/|\Z)""", re.DOTALL
)
_CONFIGURATION = re.compile(
    r"(api|implementation|compile|runtime|compileOnly|compileOnlyApi|runtimeOnly|provided|classpath"
    r"|annotationProcessor|kapt|ksp|developmentOnly|debugImplementation|releaseImplementation"
    r"|\w*(?:[tT]est|TestFixtures)\w*(?:Api|Implementation|Compile|Runtime|Only|Processor))$"
)


def facts(source: bytes) -> dict[str, Any]:
    """This function will give name, version, dependencies, plugins and the projects referred to."""
    text = _COMMENT.sub(_blank, source.decode(errors="replace"))
    ends = [match.start() for match in re.finditer("\n", text)]

    def line(match: re.Match[str]) -> int:
        return bisect_left(ends, match.start()) + 1

    found = [
        [f"{match[2]}:{match[3]}", match[4] or "", _scope(match[1]), line(match)]
        for pattern in (_COORDINATES, _MAP)
        for match in pattern.finditer(text)
        if _CONFIGURATION.match(match[1])
    ]
    found += [[match[1], match[2], "build", line(match)] for match in _PLUGIN.finditer(text)]
    said: dict[str, Any] = {
        key: match[1]
        for key, pattern in (("name", _ROOT), ("version", _VERSION))
        for match in [pattern.search(text)]
        if match
    }
    said["dependencies"] = sorted(found)
    said["projects"] = sorted([match[1], line(match)] for match in _PROJECT.finditer(text))
    return {"manifest": said, "broken": False}


def _blank(match: re.Match[str]) -> str:
    """A text stays, a comment leaves its line ends."""
    return match[1] or "\n" * match[0].count("\n")


def _scope(configuration: str) -> str:
    word = configuration.lower()
    if "test" in word or word == "developmentonly":
        return "dev"
    if word in ("classpath", "annotationprocessor", "kapt", "ksp"):
        return "build"
    return "optional" if word in ("compileonly", "compileonlyapi", "provided") else ""
