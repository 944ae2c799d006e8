"""The switches as people throw them: what stops operations, and what lets them go on.

It carries each word to `safe_ops.service.braking`, which judges it, and says what came of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING

from bot.domain.errors import NotAllowedError
from safe_ops.errors import RefusedError
from safe_ops.model.given import Given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.ports.operations_desk import Voice
    from safe_ops.model.actions import Switches
    from safe_ops.service.braking import Brake


class Switchboard:
    """The part of bot.ports.operations_desk.OperationsDesk that throws switches."""

    def __init__(self, *, brake: Brake, mask: Callable[[str], str]) -> None:
        self._brake = brake
        self._mask = mask

    def stop(self, *, voice: Voice, reason: str) -> str:
        """Press the kill switch."""
        with refusals_told():
            self._brake.stop(
                slack_id=voice.person,
                team_id=voice.team_id,
                reason=self._mask(reason),
                given=_given(voice),
            )
        return (
            "Stopped: no operation begins, and what runs ends after the call under way."
            " `/nightdesk release` lets them go on."
        )

    def release(self, *, voice: Voice, reason: str) -> str:
        """Release the kill switch."""
        with refusals_told():
            self._brake.release(
                slack_id=voice.person,
                team_id=voice.team_id,
                reason=self._mask(reason),
                given=_given(voice),
            )
        return "Released: operations may be approved and run again."

    def read_only(self, *, enabled: bool, voice: Voice, reason: str) -> str:
        """Set or lift read-only."""
        with refusals_told():
            self._brake.read_only(
                enabled=enabled,
                slack_id=voice.person,
                team_id=voice.team_id,
                reason=self._mask(reason),
                given=_given(voice),
            )
        if enabled:
            return "Read-only: operations are planned and shown, and none is run."
        return "No longer read-only: operations may run once they are approved."

    def freeze(self, *, voice: Voice, reason: str) -> str:
        """Declare a freeze; without a reason lift it."""
        with refusals_told():
            self._brake.freeze(
                slack_id=voice.person,
                team_id=voice.team_id,
                reason=self._mask(reason),
                given=_given(voice),
            )
        if reason:
            return (
                "Frozen: no operation is allowed until the freeze is lifted by `/nightdesk thaw`."
            )
        return "The freeze is lifted."


def halted(switches: Switches) -> tuple[str, ...]:
    """Return what keeps operations from running now, and how it is lifted; a sentence each."""
    says = []
    if switches.stopped_by:
        at = switches.stopped_at
        since = f" since {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at is not None else ""
        says.append(
            f"All operations are stopped{since}, by {switches.stopped_by}: `/nightdesk release`"
            " lets them go on."
        )
    if switches.read_only:
        says.append("Read-only: nothing is run before `/nightdesk readonly off`.")
    if switches.frozen:
        says.append(f"Frozen: {switches.frozen}. `/nightdesk thaw` lifts it.")
    return tuple(says)


@contextmanager
def refusals_told() -> Iterator[None]:
    """Turn what the service refuses into what the person reads."""
    try:
        yield
    except RefusedError as error:
        raise NotAllowedError(str(error)) from error


def _given(voice: Voice) -> Given:
    return Given(act_id=voice.act_id, stored_at=voice.stored_at)
