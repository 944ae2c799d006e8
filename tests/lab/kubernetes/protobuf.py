"""Requests in Kubernetes' protobuf encoding, which kubectl's typed clients prefer to send.

Only the few request messages the lab answers are known; answers are always JSON, which every
client accepts. Field numbers are those of k8s.io/api's generated.proto files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Object = dict[str, Any]
_Shape = dict[int, "str | tuple[str, _Shape]"]

_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_RESOURCE: _Shape = {
    1: "namespace",
    2: "verb",
    3: "group",
    4: "version",
    5: "resource",
    6: "subresource",
    7: "name",
}
_ACCESS: _Shape = {
    1: ("resourceAttributes", _RESOURCE),
    2: ("nonResourceAttributes", {1: "path", 2: "verb"}),
}
_SPECS: dict[str, _Shape] = {
    "SelfSubjectAccessReview": {2: ("spec", _ACCESS)},
    "SelfSubjectRulesReview": {2: ("spec", {1: "namespace"})},
    "SelfSubjectReview": {},
}


def is_protobuf(body: bytes) -> bool:
    """Whether the body carries Kubernetes' protobuf envelope."""
    return body.startswith(_MAGIC)


def read_request(body: bytes) -> Object:
    """The object in a protobuf envelope as the JSON object it stands for."""
    envelope = dict(_fields(body[len(_MAGIC) :]))
    type_meta = _read(envelope[1], {1: "apiVersion", 2: "kind"})
    return type_meta | _read(envelope.get(2, b""), _SPECS[type_meta["kind"]])


def _read(message: bytes, shape: _Shape) -> Object:
    read: Object = {}
    for number, value in _fields(message):
        meant = shape.get(number)
        if isinstance(meant, str):
            read[meant] = value.decode()
        elif meant is not None:
            name, inner = meant
            read[name] = _read(value, inner)
    return read


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Field numbers and contents of the length-delimited fields; others are passed over."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        wire = tag & 7
        if wire == _VARINT:
            _, at = _varint(message, at)
        elif wire == _BYTES:
            length, at = _varint(message, at)
            yield tag >> 3, message[at : at + length]
            at += length
        elif wire in {_FIXED64, _FIXED32}:
            at += 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"protobuf wire type {wire} at byte {at}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
