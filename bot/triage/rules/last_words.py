"""What the end of a crashing container's log says about the cause.

The log is foreign text: it may point a finding at a cause of the closed list and be quoted, and
nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.blame import blame
from bot.triage.finding import Finding, LastWords

if TYPE_CHECKING:
    from collections.abc import Sequence

# Programs say the cause at their end; further up stands what they lived through before.
LAST_LINES = 40
LINE_CHARS = 500
# A program that runs is in trouble when it says so again and again, and still among its last lines;
# a failure it got over is none.
TROUBLED_LINES = 3
TROUBLED_AMONG = 20
RUNNING = "troubled"
"""Phrase of a finding that rests on nothing but the log of a program that runs."""

_HOST = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
# A dotted lower-case name that is no file, class or number.
_DOTTED = re.compile(
    rf"(?<![\w./@-])(?!\d+(?:\.\d+)*(?![\w.-])){_HOST}\.(?!py\b|js\b|go\b|rb\b|java\b|so\b|log\b)"
    r"[a-z]{2,24}(?![\w-]|\.\w)"
)
_NAMED_HOST = re.compile(
    rf"(?i)(?:\blookup|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|UnknownHostException:|resolve host:?"
    rf"|host name|hostname|address for|translate host name|server at|\bhost[= ])"
    rf"\s*[\"'`]?(?-i:(?P<host>{_HOST}))(?::\d{{1,5}})?\b"
)
_ADDRESS = re.compile(rf"(?<![\w.-])(?P<host>{_HOST}):\d{{2,5}}(?!\d)")
_URL = re.compile(rf"(?<![\w])https?://(?P<host>{_HOST})(?=[:/?\"'\s]|$)")
_NUMBERED = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_SETTING = re.compile(r"(?<![\w.])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?!\w)")
_FORBIDDEN = re.compile(
    r"cannot (?:get|list|watch|create|update|patch|delete)\b[^\n]{0,120}?"
    r"(?=\s+in (?:API group|the namespace)|$)"
)
_PATH = re.compile(r"(?<![\w:/])/(?:[\w.-]+/)+[\w.-]+")

_PORT = re.compile(r":(\d{2,5})(?=[/:\s\"']|$)")
_LISTENS = re.compile(
    r"(?i)\b(?:listening|listens|serving|bound|running|started)\b[^\n]{0,80}?"
    r"(?::|\bport\b[ =:]{0,3})(\d{2,5})\b"
)

_STACK = re.compile(r"^\s+(?:at |File |\.{3} )|^Traceback|^goroutine \d|^\s+\S+\.go:\d")
_TELLING = re.compile(
    r"error|exception|fatal|panic|fail|refused|denied|no such|not found|cannot|unable|timed? ?out"
    r"|missing|invalid|killed|could not|not known|unavailable",
    re.IGNORECASE,
)
_ALARMING = re.compile(r"error|exception|fatal|panic|critical|cannot|unable|fail", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a line of any program's log stands for."""

    cause: Cause
    category: Category
    subject: str
    """The host, setting or file it is about; empty when the line names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sign:
    """Words of a log and the cause they stand for."""

    words: re.Pattern[str]
    cause: Cause
    category: Category
    phrase: str
    subjects: tuple[re.Pattern[str], ...] = ()
    """How the line names what it is about; the first that matches."""


def _sign(
    words: str, cause: Cause, category: Category, phrase: str, *subjects: re.Pattern[str]
) -> _Sign:
    return _Sign(
        words=re.compile(words, re.IGNORECASE),
        cause=cause,
        category=category,
        phrase=phrase,
        subjects=subjects,
    )


_SIGNS = (
    _sign(
        r"name or service not known|no such host|could not resolve host|name resolution"
        r"|getaddrinfo|\bENOTFOUND\b|EAI_AGAIN|UnknownHostException|nodename nor servname"
        r"|could not translate host name|NXDOMAIN|name does not resolve",
        Cause.DNS,
        Category.DEPENDENCY,
        "log_dns",
        _NAMED_HOST,
        _DOTTED,
    ),
    _sign(
        r"OutOfMemoryError|heap out of memory|\bMemoryError\b|cannot allocate memory"
        r"|allocation failed - JavaScript heap",
        Cause.OUT_OF_MEMORY,
        Category.CAPACITY,
        "log_memory",
    ),
    _sign(
        r"no space left on device|read-only file system|disk quota exceeded|input/output error",
        Cause.STORAGE,
        Category.INFRASTRUCTURE,
        "log_disk",
        _PATH,
    ),
    _sign(
        r"certificate (?:has |is )?expired|CERT_HAS_EXPIRED|certificate verify failed[^\n]*expired"
        r"|x509: certificate has expired|CertificateExpiredException",
        Cause.CERTIFICATE_EXPIRED,
        Category.CONFIGURATION,
        "log_certificate",
        _NAMED_HOST,
        _ADDRESS,
        _DOTTED,
    ),
    _sign(
        r"system:serviceaccount:[^\n]*cannot (?:get|list|watch|create|update|patch|delete)"
        r"|is forbidden: User \"",
        Cause.RBAC_DENIED,
        Category.CONFIGURATION,
        "log_forbidden",
        _FORBIDDEN,
    ),
    _sign(
        r"exec format error",
        Cause.BAD_COMMAND,
        Category.CONFIGURATION,
        "log_architecture",
        _PATH,
    ),
    _sign(
        r"password authentication failed|access ?denied|permission ?denied|unauthori[sz]ed"
        r"|authentication failed|invalid credentials|ExpiredToken"
        r"|\b403 forbidden|not authori[sz]ed|invalid api key",
        Cause.ACCESS,
        Category.CONFIGURATION,
        "log_access",
        _PATH,
    ),
    _sign(
        r"(?:missing|required|undefined|unset|not (?:set|found|defined|provided|configured))"
        r"[^\n]*\b(?:environment|env\b|variable|setting|config|configuration|option|[A-Z]+_[A-Z_]+)"
        r"|(?:environment|env\b|variable|setting|config|configuration|option|key)[^\n]*"
        r"(?:missing|required|is not set|not set|not defined|not provided|undefined|not found)"
        r"|KeyError: '[A-Z][A-Z0-9_]+'"
        r"|(?-i:[A-Z]+_[A-Z_]+) (?:is )?(?:missing|required|not set|must be set)"
        r"|(?:no such file or directory|FileNotFoundError)[^\n]*"
        r"(?:conf|\.ya?ml|\.json|\.toml|\.ini|/etc/)"
        r"|(?:conf|\.ya?ml|\.json|\.toml|\.ini|/etc/)[^\n]*no such file or directory",
        Cause.MISSING_CONFIG,
        Category.CONFIGURATION,
        "log_setting",
        _SETTING,
        _PATH,
    ),
    _sign(
        r"connection ?refused|ECONNREFUSED|no route to host|EHOSTUNREACH|ETIMEDOUT"
        r"|connection timed out|connect timeout|i/o timeout|network is unreachable"
        r"|connection reset by peer|upstream connect error|503 service unavailable"
        r"|server closed the connection",
        Cause.DEPENDENCY_DOWN,
        Category.DEPENDENCY,
        "log_dependency",
        _NAMED_HOST,
        _ADDRESS,
        _DOTTED,
    ),
    _sign(
        r"address already in use|EADDRINUSE|unknown (?:flag|option|argument)|unrecognized arg"
        r"|invalid (?:value|configuration|config|option|setting)|(?:failed|unable|cannot) to parse"
        r"|could not parse|yaml: |json: cannot unmarshal",
        Cause.WRONG_CONFIG,
        Category.CONFIGURATION,
        "log_value",
        _SETTING,
        _PATH,
    ),
)


def explained(found: Finding, lines: Sequence[str], *, label: str) -> Finding:
    """Return the finding with what the log tells; as it was if the log tells nothing.

    A kill for memory stays one whatever the log says: its last words come before the kill.
    """
    last = [line[:LINE_CHARS] for line in lines if line.strip()][-LAST_LINES:]
    if found.cause is Cause.PROBE_WRONG:
        return _listening(found, last, label=label)
    if found.phrase == RUNNING:
        return _troubled(found, last, label=label)
    is_certain = found.cause is Cause.OUT_OF_MEMORY and found.phrase != "killed"
    if not is_certain:
        for line in reversed(last):
            sign = _sign_of(line)
            if sign is not None:
                return _judged(found, sign, line, label=label)
    telling = [line for line in last if _TELLING.search(line) and not _STACK.match(line)]
    if not telling or is_certain:
        return found
    words = LastWords(line=telling[-1], label=label, where=_place(last, telling[-1]))
    weight = found.weight if found.phrase == "killed" else max(found.weight, 0.75)
    return replace(found, words=words, weight=weight)


def _place(lines: Sequence[str], told: str) -> str:
    """Return file and line of the failure the line tells of; empty when the log names none."""
    found = blame(lines)
    is_it = found is not None and (found.error in told or found.message in told)
    return found.where if found is not None and is_it else ""


def meaning_of(line: str) -> Meaning | None:
    """Return what one line of a log stands for; None if it tells of no failure of the list."""
    short = line[:LINE_CHARS]
    sign = _sign_of(short)
    if sign is None:
        return None
    return Meaning(cause=sign.cause, category=sign.category, subject=_subject(sign, short))


def _troubled(found: Finding, lines: Sequence[str], *, label: str) -> Finding:
    """Return what a program that runs keeps failing at; as it was if it has stopped to."""
    signs = [(line, sign) for line in lines if (sign := _sign_of(line)) is not None]
    if not signs:
        return found
    line, sign = signs[-1]
    told = [one for one, other in signs if other is sign]
    if len(told) < TROUBLED_LINES or line not in lines[-TROUBLED_AMONG:]:
        return found
    return _judged(found, sign, line, label=label)


def _listening(found: Finding, lines: Sequence[str], *, label: str) -> Finding:
    """Return a failing probe with the port its program says it listens on, if it is another."""
    probed = {match[1] for match in _PORT.finditer(found.values["message"])}
    for line in reversed(lines):
        heard = _LISTENS.search(line)
        if heard is not None and probed:
            if heard[1] in probed:
                return found
            words = LastWords(line=line, label=label, phrase="log_listens", subject=heard[1])
            return replace(found, words=words, weight=0.95)
    return found


def _sign_of(line: str) -> _Sign | None:
    """Return what a line stands for, if it tells of a failure at all."""
    if not _TELLING.search(line) and not _ALARMING.search(line):
        return None
    return next((sign for sign in _SIGNS if sign.words.search(line)), None)


def _judged(found: Finding, sign: _Sign, line: str, *, label: str) -> Finding:
    subject = _subject(sign, line)
    words = LastWords(
        line=line,
        label=label,
        phrase=sign.phrase if subject or not sign.subjects else "",
        subject=subject,
    )
    is_reach = sign.cause in {Cause.DNS, Cause.DEPENDENCY_DOWN}
    # A finished Job's failure keeps its code: what failed is the run, and the log says why.
    keeps = found.cause is Cause.JOB_FAILED
    return replace(
        found,
        cause=found.cause if keeps else sign.cause,
        category=sign.category,
        weight=max(found.weight, 0.8 if subject else 0.75),
        needs=subject if is_reach else "",
        symptom=False,
        words=words,
    )


def _subject(sign: _Sign, line: str) -> str:
    for pattern in sign.subjects:
        match = pattern.search(line)
        if match is not None:
            return _by_name(match.groupdict().get("host") or match[0], line)
    return ""


def _by_name(subject: str, line: str) -> str:
    """Return the host a line also has by name where it says what was asked of it by number."""
    asked = _URL.search(line)
    if asked is None or not _NUMBERED.fullmatch(subject) or _NUMBERED.fullmatch(asked["host"]):
        return subject
    return asked["host"]
