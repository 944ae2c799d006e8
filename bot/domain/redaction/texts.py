"""Masking each text of a structure whose keys are nobody's secret: payloads, tool arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def mask_texts(value: object, mask: Callable[[str], str]) -> object:
    """Return the same maps and lists with every text masked; keys and other values stay."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: mask_texts(entry, mask) for key, entry in value.items()}
    if isinstance(value, list):
        return [mask_texts(entry, mask) for entry in value]
    return value
