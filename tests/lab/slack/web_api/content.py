"""What a posting method may carry, judged with Slack's own words for each refusal.

The rules are the bot's validator; this module only picks the error Slack would answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.adapters.slack import limits
from bot.adapters.slack.validation import Violation, validate_blocks
from tests.lab.slack.errors import SlackError

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.records import Json


def blocks_of(args: Args) -> list[Json] | None:
    """Return the valid blocks; None when there is no such argument."""
    blocks = args.rows("blocks")
    if blocks is not None:
        refuse_bad_blocks(validate_blocks(blocks, surface="message"))
    return blocks


def attachments_of(args: Args) -> list[Json] | None:
    """Return the attachments, whose blocks are valid; None when there is no such argument."""
    attachments = args.rows("attachments")
    for index, attachment in enumerate(attachments or []):
        inner = attachment.get("blocks") if isinstance(attachment, dict) else None
        if inner is not None:
            pointer = f"/attachments/{index}/blocks"
            refuse_bad_blocks(validate_blocks(inner, surface="message", pointer=pointer))
    if attachments is not None and len(attachments) > limits.ATTACHMENTS_PER_MESSAGE:
        raise SlackError("too_many_attachments")
    return attachments


def text_of(args: Args) -> str:
    """Return the text, or the markdown_text that replaces text and blocks."""
    if "markdown_text" not in args:
        return args.text("text")
    if "text" in args or "blocks" in args:
        raise SlackError("markdown_text_conflict")
    markdown = args.text("markdown_text")
    if len(markdown) > limits.MARKDOWN_SUM:
        raise SlackError("msg_too_long")
    return markdown


def metadata_of(args: Args) -> Json | None:
    """Return the message metadata, which has an event type and a payload, or entities."""
    metadata: Any = args.nested("metadata")
    if not metadata:
        return None
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if "entities" in metadata:
        return metadata
    if not isinstance(metadata.get("event_type"), str) or not isinstance(
        metadata.get("event_payload"), dict
    ):
        raise SlackError("invalid_metadata_format")
    return metadata


def refuse_bad_blocks(violations: list[Violation]) -> None:
    """Raise what Slack answers for the first kind of violation there is."""
    if not violations:
        return
    if any(one.code == "text_sum_too_long" for one in violations):
        raise SlackError("msg_blocks_too_long")
    raise SlackError(
        "invalid_blocks",
        response_metadata={
            "messages": [
                f"[ERROR] {one.message} [json-pointer:{one.pointer}]" for one in violations
            ]
        },
    )
