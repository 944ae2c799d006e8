"""Every source of changes of an AWS account: calls, stacks, functions, revisions, images.

Twelve reads at most: one for calls, six for stacks, five for what is named, or else one for the
functions of the place. What is read comes scrubbed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bot.domain.change import Change, ChangeSource, in_order
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.spans import moment
from bot.tools.aws.changes import TRAIL_DELAY, calls_in, stack_events_in
from bot.tools.aws.differences import difference
from bot.tools.aws.ecs_service import (
    VOLATILE as VOLATILE_IN_REVISIONS,
)
from bot.tools.aws.ecs_service import (
    described,
    images_of,
    pushed_at,
    revision_name,
    revisions_of,
)
from bot.tools.aws.function import VOLATILE, versions_of
from bot.tools.changes.rollouts import shortly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot.domain.evidence import Window
    from bot.ports.cloud import Content
    from bot.tools.aws.reading import Reading

MAX_SERVICES = 1
MAX_FUNCTIONS = 2
"""Of the names; each costs reads. Together they take no more than one service does."""
_DONE = "done"


def account_changes(
    reading: Reading, *, place: str, window: Window, names: Sequence[str]
) -> tuple[Change, ...]:
    """Return what changed in one region, oldest first; the reading keeps the gaps.

    Args:
        reading: The account and region.
        place: How changes name it, `account/region`.
        window: The time looked at.
        names: Functions, or `CLUSTER/SERVICE`; with none, calls, stacks and all functions.
    """
    found = [
        *_calls(reading, place, window, names),
        *_stacks(reading, place, window),
    ]
    services = [name for name in names if "/" in name]
    functions = [name for name in names if "/" not in name]
    for name in services[:MAX_SERVICES]:
        cluster, _, service = name.rpartition("/")
        found += _service(reading, place, cluster, service)
    for name in functions[: 0 if services else MAX_FUNCTIONS]:
        found += _function(reading, place, name)
    left = [*services[MAX_SERVICES:], *functions[0 if services else MAX_FUNCTIONS :]]
    if left:
        reading.gaps.append(f"versions of {', '.join(left)}: ask for them one by one")
    if not names:
        found += _all_functions(reading, place)
    return in_order(found, window=window)


def is_early(reading: Reading, window: Window) -> bool:
    """Tell whether CloudTrail may not have told of the window's end yet."""
    return reading.now() - window.end < TRAIL_DELAY


def _calls(reading: Reading, place: str, window: Window, names: Sequence[str]) -> Iterator[Change]:
    wanted = {part for name in names for part in (name, name.rpartition("/")[2])}
    for at, what, subject, by, result in calls_in(reading, window):
        parts = str(subject).split(", ")
        is_meant = not wanted or any(
            part in wanted or part.rpartition("/")[2].rpartition(":")[2] in wanted for part in parts
        )
        # What was refused changed nothing.
        if result == _DONE and is_meant:
            yield Change(
                at=at,
                what=str(what),
                object=str(subject) or "-",
                source=ChangeSource.CLOUDTRAIL,
                place=place,
                actor=str(by or ""),
            )


def _stacks(reading: Reading, place: str, window: Window) -> Iterator[Change]:
    for at, what, subject, by, reason in stack_events_in(reading, window):
        yield Change(
            at=at,
            what=f"{what}: {reason}" if reason else str(what),
            object=str(subject),
            source=ChangeSource.STACK,
            place=place,
            actor=str(by),
        )


def _all_functions(reading: Reading, place: str) -> Iterator[Change]:
    listed = reading.attempt("functions", "lambda", "list_functions")
    for one in listed.get("Functions", []):
        yield from _version(place, one, "its code or configuration changed last")


def _function(reading: Reading, place: str, name: str) -> Iterator[Change]:
    before = len(reading.gaps)
    now = reading.attempt(
        f"function {name}", "lambda", "get_function_configuration", FunctionName=name
    )
    if len(reading.gaps) > before:
        return
    versions = versions_of(reading, name)
    for older, newer in pairwise([{}, *versions]):
        changed = difference(older, newer, ignore=VOLATILE) if older else []
        said = shortly(changed) or ("the first kept" if not older else "the same")
        yield from _version(place, newer, f"version {newer.get('Version')}: {said}")
    newest = versions[-1] if versions else {}
    changed = difference(newest, now, ignore=VOLATILE) if newest else []
    if changed or not newest:
        said = f"$LATEST: {shortly(changed)}" if changed else "its code or configuration changed"
        yield from _version(place, now, said)


def _version(place: str, one: Content, what: str) -> Iterator[Change]:
    at = moment(one.get("LastModified"))
    if at is not None:
        yield Change(
            at=at,
            what=what,
            object=f"function {one.get('FunctionName')}",
            source=ChangeSource.FUNCTION_VERSION,
            place=place,
        )


def _service(reading: Reading, place: str, cluster: str, service: str) -> Iterator[Change]:
    try:
        found = described(reading, cluster, service)
    except DeniedError as error:
        reading.gaps.append(f"service {cluster}/{service}: denied: {error}")
        return
    except (UpstreamError, ToolError) as error:
        reading.gaps.append(f"service {cluster}/{service}: {error}")
        return
    after, before = revisions_of(reading, found)
    changed = difference(before, after, ignore=VOLATILE_IN_REVISIONS) if before and after else []
    name = f"service {cluster}/{service}"
    for number, one in enumerate(found.get("deployments", [])):
        revision = revision_name(one.get("taskDefinition"))
        said = f": {shortly(changed)}" if changed and number == 0 else ""
        yield from _dated(
            one.get("createdAt"),
            f"deployment of {revision}{said}",
            name,
            ChangeSource.TASK_DEFINITION,
            place,
        )
    yield from _dated(
        after.get("registeredAt"),
        f"{revision_name(after.get('taskDefinitionArn'))} registered",
        f"task definition {after.get('family', '-')}",
        ChangeSource.TASK_DEFINITION,
        place,
    )
    yield from _images(reading, place, images_of(after))


def _images(reading: Reading, place: str, images: Iterable[str]) -> Iterator[Change]:
    for image in list(dict.fromkeys(images))[:2]:
        pushed = pushed_at(reading, image)
        name = image.rpartition("/")[2]
        yield from _dated(pushed, "pushed", f"image {name}", ChangeSource.IMAGE_PUSH, place)


def _dated(at: Any, what: str, name: str, source: ChangeSource, place: str) -> Iterator[Change]:
    if isinstance(at, datetime):
        utc = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        yield Change(at=utc, what=what, object=name, source=source, place=place)
