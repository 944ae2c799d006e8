"""The audit's chain: why nobody can change, drop or move a row without its being found.

Each row's hash covers the row and the hash before it. A signed checkpoint covers all rows up to
its own, so that the chain cannot be made anew or cut behind the last one by whoever may write the
database but has not the key. Pure: it knows no database, no file and no clock.
"""

from __future__ import annotations

import base64
import hashlib
import math
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from pydantic import TypeAdapter, ValidationError

from safe_ops.errors import AuditError
from safe_ops.model.trail import Actor, AuditEntry, AuditRow, Checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from safe_ops.model.plans import Json

GENESIS = "0" * 64
"""What the first row has for the hash before it."""
KEY_ID_CHARS = 16

_ROW_DOMAIN = b"nightdesk-audit-v1\0"
_CHECKPOINT_DOMAIN = b"nightdesk-checkpoint-v1\0"
_EXACT_INT = 2**53 - 1
"""JSON's numbers are exact up to here (RFC 8785, appendix D)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is not as it was written."""

    number: int
    """The first row concerned."""
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a look at the whole audit found."""

    sound_to: int
    """Every row up to this number follows from the one before; what it began after if none does."""
    signed_to: int
    """Every row up to this number is covered by a checkpoint that holds; as above without any."""
    faults: tuple[Fault, ...] = ()
    """By row; empty when all is well."""

    @property
    def first_bad(self) -> int | None:
        """Return the number of the first row that is wrong or missing; None if all is well."""
        return self.faults[0].number if self.faults else None


def chained(previous_hash: str, number: int, at: datetime, entry: AuditEntry) -> AuditRow:
    """Return the entry in its place; what JSON cannot carry exactly is in it as text.

    Raises:
        TypeError: A fact is not a JSON value.
    """
    kept = written(entry)
    row = AuditRow(number=number, at=at, entry=kept, previous_hash=previous_hash, hash="")
    return replace(row, hash=_hash_of(row))


def written(entry: AuditEntry) -> AuditEntry:
    """Return the entry as the chain keeps it: what JSON cannot carry exactly is in it as text.

    Raises:
        TypeError: A fact is not a JSON value.
    """
    plain: dict[str, Any] = _plain(asdict(entry))
    return AuditEntry(**plain | {"actor": Actor(**plain["actor"])})


def signed(row: AuditRow, *, at: datetime, key: Ed25519PrivateKey) -> Checkpoint:
    """Return a checkpoint over all rows up to this one."""
    unsigned = Checkpoint(
        number=row.number,
        hash=row.hash,
        at=at,
        key_id=key_id_of(key.public_key()),
        signature="",
    )
    signature = base64.b64encode(key.sign(_signed_bytes(unsigned))).decode()
    return replace(unsigned, signature=signature)


def verify(
    rows: Iterable[AuditRow],
    checkpoints: Sequence[Checkpoint],
    public_keys: Mapping[str, Ed25519PublicKey],
    *,
    after: int = 0,
    after_hash: str = GENESIS,
) -> Findings:
    """Return what is wrong with an audit; rows are read once.

    `public_keys` are by the id `key_id_of` gives. Of a part of an audit, `after` and `after_hash`
    are the row's before its first, and taken as given. Rows after the last checkpoint are only as
    safe as the database: that they were cut off cannot be seen.
    """
    faults, trusted = _judge_signatures(checkpoints, public_keys)
    promised: dict[int, set[str]] = {}
    for checkpoint in trusted:
        promised.setdefault(checkpoint.number, set()).add(checkpoint.hash)
    last_hash, sound_to, signed_to = after_hash, after, after
    broken = False
    for row in rows:
        wrong = _misfit(row, number=sound_to + 1, previous_hash=last_hash)
        if not wrong and promised.get(row.number, {row.hash}) != {row.hash}:
            wrong = Fault(number=signed_to + 1, says=_rewritten(signed_to + 1, row.number))
        if wrong:
            faults.append(wrong)
            broken = True
            break
        last_hash, sound_to = row.hash, row.number
        if row.number in promised:
            signed_to = row.number
    furthest = max(promised, default=0)
    if not broken and furthest > sound_to:
        faults.append(Fault(number=sound_to + 1, says=_cut(sound_to + 1, furthest)))
    faults.sort(key=lambda fault: fault.number)
    return Findings(sound_to=sound_to, signed_to=signed_to, faults=tuple(faults))


def misfit_after(rows: Iterable[AuditRow], *, number: int, row_hash: str) -> Fault | None:
    """Return the first thing wrong with rows that come right after another; None if nothing is.

    `number` and `row_hash` are the other row's: 0 and GENESIS before the first.
    """
    for row in rows:
        number += 1
        wrong = _misfit(row, number=number, previous_hash=row_hash)
        if wrong is not None:
            return wrong
        row_hash = row.hash
    return None


def holds(checkpoint: Checkpoint, key: Ed25519PublicKey) -> bool:
    """Tell whether the checkpoint was signed with this key as it stands."""
    try:
        signature = base64.b64decode(checkpoint.signature, validate=True)
        key.verify(signature, _signed_bytes(checkpoint))
    except (InvalidSignature, ValueError, OverflowError):
        return False
    return True


def key_id_of(public_key: Ed25519PublicKey) -> str:
    """Return the name a key goes by in checkpoints: 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public_key.public_bytes_raw()).hexdigest()[:KEY_ID_CHARS]


def read_private_key(pem: str) -> Ed25519PrivateKey:
    """Return the key that signs checkpoints, from unencrypted PEM.

    Raises:
        AuditError: It is not such a key.
    """
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise _no_key("private") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key("private")
    return key


def read_public_key(pem: str) -> Ed25519PublicKey:
    """Return a key that checks checkpoints, from PEM.

    Raises:
        AuditError: It is not such a key.
    """
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError as error:
        raise _no_key("public") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key("public")
    return key


def line_of(kept: AuditRow | Checkpoint) -> str:
    """Return a row or a checkpoint as one line of JSON, without its end."""
    return _lines().dump_json(kept).decode()


def read_line(line: str) -> AuditRow | Checkpoint:
    """Return what `line_of` was given.

    Raises:
        AuditError: It is no such line.
    """
    try:
        return _lines().validate_json(line)
    except ValidationError as error:
        raise AuditError(f"This is no line of an audit: {line[:80]!r}") from error


@cache
def _lines() -> TypeAdapter[AuditRow | Checkpoint]:
    return TypeAdapter(AuditRow | Checkpoint)


def _judge_signatures(
    checkpoints: Sequence[Checkpoint], public_keys: Mapping[str, Ed25519PublicKey]
) -> tuple[list[Fault], list[Checkpoint]]:
    faults: list[Fault] = []
    trusted: list[Checkpoint] = []
    for checkpoint in checkpoints:
        key = public_keys.get(checkpoint.key_id)
        if key is None:
            says = (
                f"the checkpoint at row {checkpoint.number} is signed with key"
                f" {checkpoint.key_id}, which is not among those given"
            )
            faults.append(Fault(number=checkpoint.number, says=says))
        elif holds(checkpoint, key):
            trusted.append(checkpoint)
        else:
            says = f"the signature of the checkpoint at row {checkpoint.number} does not hold"
            faults.append(Fault(number=checkpoint.number, says=says))
    return faults, trusted


def _misfit(row: AuditRow, *, number: int, previous_hash: str) -> Fault | None:
    if row.number > number:
        missing = f"row {number} is" if row.number == number + 1 else f"rows from {number} on are"
        return Fault(number=number, says=f"{missing} missing: row {row.number} comes next")
    if row.number < number:
        says = f"row {number} is missing: row {row.number} stands in its place"
        return Fault(number=number, says=says)
    if row.previous_hash != previous_hash:
        says = f"row {number} does not follow the row before it: one of the two was changed"
        return Fault(number=number, says=says)
    try:
        hashed = _hash_of(row)
    except (ValueError, OverflowError):
        hashed = ""
    if hashed != row.hash:
        return Fault(number=number, says=f"row {number} was changed after it was written")
    return None


def _rewritten(first: int, last: int) -> str:
    return f"rows from {first} to {last} were written anew: the checkpoint at {last} says otherwise"


def _cut(first: int, last: int) -> str:
    return f"rows from {first} to {last} were cut off: the checkpoint at {last} covers them"


def _hash_of(row: AuditRow) -> str:
    # What is empty is left out, so that a field added later leaves older rows' hashes as they are.
    entry = {name: value for name, value in asdict(row.entry).items() if value}
    entry["actor"] = {name: value for name, value in asdict(row.entry.actor).items() if value}
    said = rfc8785.dumps({"number": row.number, "at": _time(row.at), "entry": entry})
    return hashlib.sha256(_ROW_DOMAIN + row.previous_hash.encode() + said).hexdigest()


def _signed_bytes(checkpoint: Checkpoint) -> bytes:
    return _CHECKPOINT_DOMAIN + rfc8785.dumps(
        {
            "number": checkpoint.number,
            "hash": checkpoint.hash,
            "at": _time(checkpoint.at),
            "key_id": checkpoint.key_id,
        }
    )


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(value: Json) -> Json:
    match value:
        case None | bool():
            return value
        case int():
            return int(value) if abs(value) <= _EXACT_INT else str(value)
        case float():
            return float(value) if math.isfinite(value) else str(value)
        case str():
            # Half a surrogate pair, as a broken emoji leaves it, has no UTF-8, and U+0000 no place
            # in text of PostgreSQL, whose row policies read what is written here.
            whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            return whole.replace("\0", "\ufffd")
        case dict():
            return {_plain(str(name)): _plain(part) for name, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case _:
            raise TypeError(f"{value!r} is not a JSON value; write it as text in the audit")


def _no_key(kind: str) -> AuditError:
    return AuditError(
        f"The audit's {kind} key cannot be used: give an unencrypted Ed25519 key as PEM"
    )
