"""The envelope of Prometheus' HTTP API, which Loki's has as well, and what does not fit it."""

from __future__ import annotations

from typing import Any


class ShapeError(ValueError):
    """The JSON is not what the API documents."""


def successful(answer: Any) -> dict[str, Any]:
    """Return the envelope of a call that succeeded; ShapeError for anything else."""
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise ShapeError("JSON without a status")
    return answer


def texts(answer: dict[str, Any]) -> tuple[str, ...]:
    """Return the list of texts in an envelope; an empty one may be left out."""
    found = answer.get("data")
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ShapeError("no list of texts")
    return tuple(found)
