"""`aws source`: the handler's file of a small function, and those its last stack traces name.

Off unless the registry says `read_code: true` for the account. Code shows what no configuration
does, and may hold what nobody meant to show: it is read by a road of its own
(`bot.ports.cloud.Cloud.code`), a few files at a time, and redacted like every answer.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.tools.aws.answer import answered, nothing, section
from bot.tools.refusal import refuse

if TYPE_CHECKING:
    from bot.ports.cloud import CodeFile, Content
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading

SOURCE = "function code"
MAX_FILES = 4
"""The handler's file, and the newest others that a stack trace names."""
_LOG_MINUTES = 180
# Where Lambda unpacks a package; every runtime's traces name files below it.
_TRACED = re.compile(r"/var/task/(?P<file>[\w.@/-]{1,200}\.(?:py|js|mjs|cjs|rb))")
_LINE = re.compile(r'(?:", line |:)(?P<line>\d{1,6})')
_TRACE_PATTERN = '"/var/task/"'
_ENDINGS = {"python": (".py",), "nodejs": (".js", ".mjs", ".cjs"), "ruby": (".rb",)}
# Longer files are told around the lines that matter.
_WHOLE_LINES = 400
_AROUND_LINES = 60


def look_at_source(reading: Reading, name: str) -> Answer:
    """Return the handler's file and traced ones, numbered; or why they cannot be shown.

    Raises:
        ToolError: The account's code may not be read (B4), or the package is too large.
    """
    if not reading.reads_code:
        raise refuse(
            "B4",
            "code of functions is not read in this account; who keeps the registry can allow it"
            " with `read_code: true`",
            "aws function, for its configuration and what changed in it",
        )
    now = reading.read("lambda", "get_function_configuration", FunctionName=name)
    if now.get("PackageType") == "Image":
        return nothing(
            SOURCE,
            f"{name} is a container image: its code is in the image, which is never read",
            reading,
        )
    candidates = _entry_files(now)
    if not candidates:
        return nothing(
            SOURCE,
            f"{name} runs {now.get('Runtime')} with handler {now.get('Handler')}: the package holds"
            " compiled code, or a start script of its own, and no source is shown of those",
            reading,
        )
    traced = _traced(reading, name, now)
    wanted = (*candidates, *traced)
    found = reading.code(name, wanted)
    lines = [f"function {name}, handler {now.get('Handler')}, sha256 {now.get('CodeSha256')}"]
    if not any(file.path in candidates for file in found):
        lines.append(f"the package has none of {', '.join(candidates)}")
    absent = [path for path in traced if path not in {file.path for file in found}]
    lines += [f"{path} is named by a stack trace and is not in the package" for path in absent]
    for file in found:
        lines += section(file.path, _numbered(file, traced.get(file.path, [])))
        if file.cut_bytes:
            reading.gaps.append(f"{file.cut_bytes} bytes at the end of {file.path}")
    layers = [str(layer.get("Arn", "")).rpartition(":layer:")[2] for layer in now.get("Layers", [])]
    lines += section("layers, whose code is never read", layers)
    return answered(SOURCE, lines, reading, rows=len(found))


def _entry_files(configuration: Content) -> tuple[str, ...]:
    """Return what the handler's file may be called, by the runtime's rules."""
    runtime, entry = (
        str(configuration.get("Runtime") or ""),
        str(configuration.get("Handler") or ""),
    )
    endings = next((ends for start, ends in _ENDINGS.items() if runtime.startswith(start)), ())
    if "." not in entry or not endings:
        return ()
    if endings == (".py",):
        # Python takes dots for folders as well: src.app.handler is src/app.py.
        path = entry.rpartition(".")[0].replace(".", "/")
    elif endings == (".rb",):
        # Ruby's is file.Class.method.
        path = entry.partition(".")[0]
    else:
        path = entry.rpartition(".")[0]
    return tuple(f"{path}{ending}" for ending in endings)


def _traced(reading: Reading, name: str, configuration: Content) -> dict[str, list[int]]:
    """Return the files the newest stack traces name, each with the lines, the newest first."""
    group = str((configuration.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}")
    end = reading.now()
    found = reading.attempt(
        f"stack traces in {group}",
        "logs",
        "filter_log_events",
        logGroupName=group,
        startTime=int((end - timedelta(minutes=_LOG_MINUTES)).timestamp() * 1000),
        endTime=int(end.timestamp() * 1000),
        filterPattern=_TRACE_PATTERN,
    )
    files: dict[str, list[int]] = {}
    for event in sorted(found.get("events", []), key=lambda one: -int(one.get("timestamp", 0))):
        message = str(event.get("message", "")).replace('\\"', '"')
        for frame in _TRACED.finditer(message):
            lines = files.setdefault(frame["file"], [])
            at = _LINE.match(message, frame.end())
            if at is not None and int(at["line"]) not in lines:
                lines.append(int(at["line"]))
    newest = list(files)[:MAX_FILES]
    return {path: files[path] for path in newest}


def _numbered(file: CodeFile, marked: list[int]) -> list[str]:
    """Return a file's lines with their numbers; of a long one those around the marked ones."""
    lines = file.text.splitlines()
    if len(lines) <= _WHOLE_LINES:
        kept = range(len(lines))
    else:
        first = marked[0] - 1 if marked else 0
        kept = range(max(0, first - _AROUND_LINES), min(len(lines), first + _AROUND_LINES))
    shown = [
        f"{number + 1:>5}{'>' if number + 1 in marked else ' '} {lines[number]}" for number in kept
    ]
    if len(kept) < len(lines):
        shown.append(f"({len(lines) - len(kept)} other lines of {len(lines)} are left out)")
    return shown
