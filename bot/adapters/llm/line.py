"""One streamed reply under way, which another thread may cut off."""

from __future__ import annotations

import socket
from threading import Lock
from typing import Any

from bot.adapters.llm.streaming import TornStreamError


class Line:
    """Holds the stream, once there is one, so that it can be closed from outside."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stream: Any = None
        self._is_cut = False

    def opened(self, stream: Any) -> None:
        """Take the stream; raises TornStreamError if the line was cut before it began."""
        with self._lock:
            self._stream = stream
            if not self._is_cut:
                return
        stream.close()
        raise TornStreamError("nobody waits for this reply any more")

    def cut(self) -> None:
        """End the stream, now or as soon as it begins; harmless after its end."""
        with self._lock:
            self._is_cut = True
            stream = self._stream
        if stream is None or stream.response.is_closed:
            return
        network = stream.response.extensions.get("network_stream")
        connection = network.get_extra_info("socket") if network is not None else None
        if connection is None:
            return
        try:
            # Closing the file alone would leave the reader asleep; a shutdown wakes it.
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            # It was closed between the look and the call.
            return
