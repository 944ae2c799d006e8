"""Calls that bring files into a thread, by the upload flow of three steps.

It must not know what is in a file, nor why somebody wants it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack.calls_part import CallsPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.conversation import ChannelId, MessageTs

_METHOD: Final = "files.completeUploadExternal"
"""The step whose budget counts for the whole flow; the others have the same rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file on its way; `alt_text` is for pictures, `is_snippet` for text people read inline."""

    name: str
    title: str
    content: bytes
    alt_text: str = ""
    is_snippet: bool = False


class FileCalls(CallsPart):
    """Uploads."""

    def share_files(
        self,
        channel: ChannelId,
        uploads: Sequence[Upload],
        *,
        thread_ts: MessageTs,
        comment: str,
        patience_s: float | None = None,
    ) -> None:
        """Upload files and share them in one message of the thread.

        Slack shares them some time after it answered, so the message may not be there yet
        (slackapi/bolt-js#2115); that it never comes has been seen, too.
        """
        self._caller.call(
            _METHOD,
            lambda: self._client.files_upload_v2(
                channel=channel,
                thread_ts=thread_ts,
                initial_comment=comment,
                file_uploads=[_described(upload) for upload in uploads],
            ),
            patience_s=patience_s,
        )


def _described(upload: Upload) -> dict[str, Any]:
    row: dict[str, Any] = {
        "filename": upload.name,
        "title": upload.title,
        "content": upload.content,
    }
    # A description on a file that is no picture kept it from being shared
    # (slackapi/python-slack-sdk#1818).
    if upload.alt_text:
        row["alt_txt"] = upload.alt_text
    if upload.is_snippet:
        row["snippet_type"] = "text"
    return row
