"""The one spelling of a plan, and the digest people approve and the operator checks.

It knows neither where plans are kept nor who looks at them.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import rfc8785
from pydantic import TypeAdapter

from safe_ops.errors import RefusedError
from safe_ops.model.plans import Plan

if TYPE_CHECKING:
    from safe_ops.model.plans import Json

_DOMAIN = b"nightdesk-plan-v1\0"
"""Keeps the digest of a plan from ever being the digest of something else that is hashed."""
_EXACT = 2**53 - 1
"""Integers beyond are not exact in JSON's doubles (RFC 8785, section 3.2.2.3): they are written as
strings."""


def canonical(plan: Plan) -> bytes:
    """Return the plan in RFC 8785's canonical JSON, UTF-8.

    Raises:
        RefusedError: `plan`: it holds a number JSON has no spelling for, such as NaN.
    """
    return canonical_json(as_digested(plan))


def as_digested(plan: Plan) -> dict[str, Json]:
    """Return the plan's fields as its digest is made of them.

    A sequel stands there only where there is one: plans from before there were any keep their
    digests.
    """
    fields: dict[str, Json] = _adapter().dump_python(plan)
    if plan.drawing.sequel is None:
        del fields["drawing"]["sequel"]
    return fields


def canonical_json(value: Json) -> bytes:
    """Return any JSON value as `canonical` spells it: tuples are lists, times are UTC.

    Raises:
        RefusedError: As `canonical`.
    """
    try:
        return rfc8785.dumps(_spelled(value))
    except rfc8785.CanonicalizationError as error:
        raise RefusedError(
            f"The plan cannot be written down exactly, so it cannot be approved: {error}.",
            code="plan",
        ) from error


def digest_of(plan: Plan) -> str:
    """Return the plan's digest, 64 hexadecimal digits.

    Raises:
        RefusedError: As `canonical`.
    """
    return hashlib.sha256(_DOMAIN + canonical(plan)).hexdigest()


@cache
def _adapter() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)


def _spelled(value: Json) -> Json:
    match value:
        case dict():
            return {key: _spelled(part) for key, part in value.items()}
        case list() | tuple():
            return [_spelled(part) for part in value]
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case int() if abs(value) > _EXACT:
            return str(value)
        case _:
            return value
