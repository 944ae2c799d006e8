"""The AWS event-stream encoding, sending side; botocore ships only the receiving one.

Framing: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping

_STRING = 7
"""Type number of a header whose value is text."""


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Return one message: prelude, its checksum, headers, payload, checksum of it all."""
    packed = b"".join(_header(name, value) for name, value in headers.items())
    total = 4 + 4 + 4 + len(packed) + len(payload) + 4
    prelude = struct.pack("!II", total, len(packed))
    message = prelude + struct.pack("!I", crc32(prelude)) + packed + payload
    return message + struct.pack("!I", crc32(message))


def chunk(event: Mapping[str, Any]) -> bytes:
    """Return one event of a response stream, wrapped the way Amazon Bedrock wraps it."""
    inner = base64.b64encode(json.dumps(event, ensure_ascii=False).encode()).decode()
    return frame(
        {
            ":event-type": "chunk",
            ":content-type": "application/json",
            ":message-type": "event",
        },
        json.dumps({"bytes": inner, "p": "abcdefgh"}).encode(),
    )


def exception(name: str, message: str) -> bytes:
    """Return an error inside a started stream, such as `throttlingException`."""
    return frame(
        {
            ":exception-type": name,
            ":content-type": "application/json",
            ":message-type": "exception",
        },
        json.dumps({"message": message}).encode(),
    )


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _STRING, len(text)) + text
