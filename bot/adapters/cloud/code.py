"""A function's package: fetched from where AWS hands it out, and a few files of it read in memory.

The address is a credential for whoever holds it, so it is never logged, quoted or passed on, not
even inside an exception. Nothing is written to disk, and nothing is unpacked but what was asked
for; the package itself is foreign and may be a bomb.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import BotoCoreError, HTTPClientError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from bot.domain.errors import ToolError, UpstreamError
from bot.ports.cloud import CodeFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.adapters.cloud.connection import AccountConnection

MAX_PACKAGE_BYTES = 2 * 1024 * 1024
"""Lambda takes packages of 50 MB; what people wrote themselves is small, the rest is libraries.
It also bounds the index: no more than some 40,000 entries fit."""
MAX_FILE_BYTES = 128 * 1024
MAX_UNPACKED_BYTES = 256 * 1024
"""Of all files of one answer together."""
CONNECT_TIMEOUT_S = 5.0
_CHUNK_BYTES = 64 * 1024
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# BUCKET.s3.REGION.amazonaws.com, as Lambda's own buckets are addressed, and the older forms.
_S3 = re.compile(
    r"(?:[a-z0-9][a-z0-9.-]{1,62}\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]{2,30})?"
    r"\.amazonaws\.com(?:\.cn)?"
)
_HTTPS_PORT = 443
# What zipfile raises over an archive that was made wrong, by accident or on purpose.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, OverflowError, RuntimeError,
    ValueError,
)  # fmt: skip


def fetched(
    url: str, connection: AccountConnection, *, timeout_s: float, in_time: Callable[[], bool]
) -> bytes:
    """Return a package's bytes, by the account's own proxy and certificates; no redirects.

    Raises:
        ToolError: The address is none AWS would give, or the package too large.
        UpstreamError: It could not be fetched; the text never holds the address.
    """
    system, trust, proxy = f"aws {connection.name}", connection.trust, connection.account.proxy
    if not is_trusted(url, endpoint_url=connection.endpoint_url):
        raise ToolError(
            "AWS named an address for the package that is neither S3's over https nor the"
            " account's own endpoint_url; nothing was fetched"
        )
    failed = UpstreamError(
        "the package could not be fetched from S3 in time. Ask again; check the way out and the"
        " proxy for S3's addresses",
        system=system,
    )
    session = URLLib3Session(
        verify=True if trust.ca_file is None else trust.ca_file,
        proxies=get_environ_proxies(url) if proxy is None else {"http": proxy, "https": proxy},
        timeout=(CONNECT_TIMEOUT_S, timeout_s),
    )
    request = AWSPreparedRequest("GET", url, {}, b"", stream_output=True)
    status = 0
    try:
        answer = session.send(request)
        status = answer.status_code
        content = _read(answer.raw, in_time) if status == HTTPStatus.OK else b""
    except (BotoCoreError, HTTPClientError, HTTPError, OSError):
        # Their texts hold the address.
        content = None
    finally:
        session.close()
    if content is None:
        raise failed
    if status != HTTPStatus.OK:
        raise UpstreamError(
            f"S3 answered {status} for the package; ask again for a new address", system=system
        )
    if len(content) > MAX_PACKAGE_BYTES:
        raise too_large(len(content))
    return content


def is_trusted(url: str, *, endpoint_url: str | None) -> bool:
    """Tell whether an address is S3's over https, or at the account's own endpoint."""
    try:
        parts = urlsplit(url)
        port = parts.port
        if endpoint_url is not None and _origin(parts) == _origin(urlsplit(endpoint_url)):
            return True
    except ValueError:
        return False
    return (
        parts.scheme == "https"
        and port in (None, _HTTPS_PORT)
        and parts.username is None
        and _S3.fullmatch(parts.hostname or "") is not None
    )


def unpacked(package: bytes, paths: tuple[str, ...]) -> tuple[CodeFile, ...]:
    """Return those of the files the package has, in the order asked for, as far as they fit.

    Raises:
        ToolError: It is no zip archive, or a broken one.
    """
    found: list[CodeFile] = []
    left = MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            index = {entry.filename: entry for entry in archive.infolist()}
            for path in dict.fromkeys(paths):
                entry = index.get(path)
                if entry is None or not _is_plain(entry) or left <= 0:
                    continue
                with archive.open(entry) as member:
                    content = member.read(min(MAX_FILE_BYTES, left) + 1)
                kept = content[: min(MAX_FILE_BYTES, left)]
                left -= len(kept)
                cut = max(entry.file_size, len(content)) - len(kept)
                text = kept.decode("utf-8", "replace")
                found.append(CodeFile(path=path, text=text, cut_bytes=max(0, cut)))
    except _BROKEN as error:
        raise ToolError(
            f"the function's package cannot be read as a zip archive ({type(error).__name__})"
        ) from None
    return tuple(found)


def too_large(size: int) -> ToolError:
    """Return the refusal of a package beyond the limit."""
    return ToolError(
        f"the function's package has at least {size:,} bytes; code is shown of packages up to"
        f" {MAX_PACKAGE_BYTES:,} bytes. Look at its repository instead"
    )


def _read(stream: io.RawIOBase, in_time: Callable[[], bool]) -> bytes | None:
    """Return the body up to a byte more than may be; None if it does not come in time."""
    content = bytearray()
    while len(content) <= MAX_PACKAGE_BYTES:
        chunk = stream.read(_CHUNK_BYTES)
        if not chunk:
            return bytes(content)
        if not in_time():
            return None
        content += chunk
    return bytes(content)


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    """Tell whether an entry is an ordinary file inside the package, packed in an ordinary way."""
    parts = entry.filename.split("/")
    inside = not entry.filename.startswith("/") and ".." not in parts and "\\" not in parts
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return inside and kind in (0, stat.S_IFREG) and entry.compress_type in _METHODS
