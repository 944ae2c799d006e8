"""Where a program says it broke: error, message, file and line out of a log's lines.

It reads the stack traces of Python, Node, Java, Go, Ruby and .NET as they come through CloudWatch;
frames of runtimes and libraries are passed over. Logs are foreign text: what is found is quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_LINES = 400
_LINE_CHARS = 4_000
_MESSAGE_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """The newest failure of a log that names an error, a place, or both."""

    error: str
    """Type of the error, such as `TypeError` or `panic`; empty when the log has none."""
    message: str
    file: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        """File and line as people write them; empty when the log does not tell."""
        return f"{self.file}:{self.line}" if self.file else ""

    @property
    def is_null(self) -> bool:
        """Tell whether something was used that was not there."""
        return _NULL.search(f"{self.error}: {self.message}") is not None


_NULL = re.compile(
    r"NoneType|Cannot (?:read|set) propert\w+ .{0,20}(?:undefined|null)|of (?:undefined|null)\b"
    r"|(?:null|undefined) is not|NullPointerException|nil pointer|NullReferenceException"
    r"|undefined method .{1,80} for nil",
)
# `[ERROR] TypeError: ...` of Lambda's Python, `Uncaught Error:`, `java.lang.X: ...`, Go's panic.
_ERROR = re.compile(
    r"(?:^|[\s\]\"':(])(?P<error>(?:[a-zA-Z_$][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception|Exit|Fault))"
    r"(?::\s*|\s+(?=\())(?P<message>[^\n\\]{1,400})"
)
# Ruby names the error behind its message.
_RUBY = re.compile(
    r":in [`'][^'\n]{1,200}': (?P<message>[^\n]{1,400}) \((?P<error>(?:\w+::)*[A-Z]\w*)\)"
)
_PANIC = re.compile(
    r"\bpanic(?:ked at [^:\n]{1,200}:\d+(?::\d+)?)?:\s*(?P<message>[^\n]{1,400})|\bpanicked at "
)
_JSON = re.compile(
    r'"errorType"\s*:\s*"(?P<error>[^"]{1,120})"(?:[^\n]{0,400}?"errorMessage"\s*:\s*"(?P<message>'
    r'(?:[^"\\]|\\.){0,400})")?'
)
_JSON_MESSAGE = re.compile(r'"errorMessage"\s*:\s*"(?P<message>(?:[^"\\]|\\.){0,400})"')
_FRAMES = (
    re.compile(r'File "(?P<file>[^"\n]{1,300})", line (?P<line>\d{1,7})'),
    re.compile(
        r"\bat (?:[^\n()]{1,200}\()?(?:file://)?(?P<file>/?[\w@./$-]{1,300}\.(?:[cm]?[jt]s|jsx|tsx))"
        r":(?P<line>\d{1,7}):\d+"
    ),
    re.compile(r"\bat [\w$.<>/]{1,300}\((?P<file>[\w$-]+\.(?:java|kt|scala)):(?P<line>\d{1,7})\)"),
    re.compile(r"(?:^|\s)(?P<file>/?[\w@./-]{1,300}\.go):(?P<line>\d{1,7})\b"),
    re.compile(r"(?P<file>/?[\w@./-]{1,300}\.rs):(?P<line>\d{1,7}):\d+"),
    re.compile(r"(?P<file>/?[\w@./-]{1,300}\.rb):(?P<line>\d{1,7}):in "),
    re.compile(r"\bin (?P<file>/?[\w@./-]{1,300}\.cs):line (?P<line>\d{1,7})"),
)
# Frames that are nobody's own code.
_FOREIGN = re.compile(
    r"site-packages|dist-packages|/lib/python|/var/(?:lang|runtime)/|<frozen|node_modules"
    r"|node:internal|^internal/|/usr/local/go/|/pkg/mod/|/runtime/|/rustc/|/gems/|/usr/lib/"
)
_FOREIGN_CALL = re.compile(
    r"\bat (?:java|javax|jdk|sun|kotlin|scala|com\.amazonaws|org\.springframework)\."
)
# Python tells its frames from the outside in, all others from the inside out.
_OUTSIDE_IN = 0


def blame(lines: Sequence[str]) -> Blame | None:
    """Return what the newest failure of these lines (oldest first) says of itself."""
    recent = [line[:_LINE_CHARS] for line in lines[-MAX_LINES:]]
    for start in range(len(recent) - 1, -1, -1):
        found = _error(recent[start])
        if found is not None:
            error, message = found
            file, number = _place(recent, start)
            return Blame(error=error, message=message[:_MESSAGE_CHARS], file=file, line=number)
    return None


def _error(line: str) -> tuple[str, str] | None:
    told = _JSON.search(line)
    if told is not None:
        message = told["message"] or ""
        if not message and (apart := _JSON_MESSAGE.search(line)) is not None:
            message = apart["message"]
        return told["error"].rpartition(".")[2], message
    panic = _PANIC.search(line)
    if panic is not None:
        return "panic", (panic["message"] or "").strip()
    named = _RUBY.search(line) or _ERROR.search(line)
    if named is not None:
        return re.split(r"\.|::", named["error"])[-1], named["message"].strip()
    return None


def _place(lines: Sequence[str], start: int) -> tuple[str, int]:
    """Return file and line of the own frame nearest to the failure."""
    frames = list(_frames_around(lines, start))
    if not frames:
        return "", 0
    own = [one for one in frames if not one[3]] or frames
    kind, file, number, _ = own[-1] if own[0][0] == _OUTSIDE_IN else own[0]
    return (file, number) if kind >= 0 else ("", 0)


def _frames_around(lines: Sequence[str], start: int) -> Iterator[tuple[int, str, int, bool]]:
    """Yield the frames of a trace that begins at the error, or ends there as a plain Python's."""
    yield from _frames(lines[start])
    found = False
    for line in lines[start + 1 :]:
        told = list(_frames(line))
        if not told and not _belongs(line):
            break
        found = found or bool(told)
        yield from told
    if found or list(_frames(lines[start])):
        return
    before: list[str] = []
    for line in reversed(lines[:start]):
        if not _belongs(line):
            break
        before.append(line)
    for line in reversed(before):
        yield from _frames(line)


def _belongs(line: str) -> bool:
    text = line.strip()
    return (
        not text
        or line[0].isspace()
        or text.startswith(("Traceback", "goroutine", "[signal", "Caused by", "thread '", "note:"))
        # Go names the function before its frame: `main.handle(0x0, ...)`.
        or re.match(r"[\w./*()-]{1,200}\(.*\)$", text) is not None
    )


def _frames(line: str) -> Iterator[tuple[int, str, int, bool]]:
    for kind, pattern in enumerate(_FRAMES):
        for match in pattern.finditer(line):
            is_foreign = bool(_FOREIGN.search(match["file"]) or _FOREIGN_CALL.search(match[0]))
            yield kind, match["file"], int(match["line"]), is_foreign
