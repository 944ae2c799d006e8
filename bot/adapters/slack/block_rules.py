"""What a rule about one JSON value can say, so that Block Kit becomes a table of such rules.

It knows JSON, lengths and pointers; it must not know a block by name, a surface or a client.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

TextKind = Literal["plain_text", "mrkdwn"]

Code = Literal[
    "missing_field",
    "unknown_field",
    "unknown_type",
    "wrong_type",
    "not_allowed",
    "too_long",
    "too_short",
    "too_many",
    "too_few",
    "out_of_range",
    "duplicate_id",
    "conflict",
    "wrong_surface",
    "missing_text",
    "text_sum_too_long",
]


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: where (JSON pointer), which (stable code), and what to change (words)."""

    pointer: str
    code: Code
    message: str


class Rule(Protocol):
    """A check of one value; yields nothing when the value keeps the rule."""

    def check(self, value: object, pointer: str) -> Iterator[Violation]:
        """Yield what is wrong with `value`, found at `pointer`."""
        ...


def kind_of(value: object) -> str:
    """Return the value's type tag, or "" when it is no object with one."""
    tag = value.get("type") if isinstance(value, Mapping) else None
    return tag if isinstance(tag, str) else ""


def _not_a(pointer: str, wanted: str, value: object) -> Violation:
    return Violation(pointer, "wrong_type", f"must be {wanted}, not {type(value).__name__}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Str:
    """A string of bounded length, or one of few words."""

    longest: int | None = None
    shortest: int = 0
    among: frozenset[str] = frozenset()

    def check(self, value: object, pointer: str) -> Iterator[Violation]:
        """Yield a wrong type, a length out of bounds, or a word not listed."""
        if not isinstance(value, str):
            yield _not_a(pointer, "a string", value)
        elif self.among and value not in self.among:
            yield Violation(pointer, "not_allowed", f"must be one of {sorted(self.among)}")
        elif self.longest is not None and len(value) > self.longest:
            yield Violation(
                pointer, "too_long", f"has {len(value)} characters; {self.longest} are allowed"
            )
        elif len(value) < self.shortest:
            yield Violation(pointer, "too_short", f"needs at least {self.shortest} character(s)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Num:
    """A number, optionally whole and bounded."""

    least: float | None = None
    most: float | None = None
    whole: bool = False

    def check(self, value: object, pointer: str) -> Iterator[Violation]:
        """Yield a wrong type or a value out of range."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            yield _not_a(pointer, "a whole number" if self.whole else "a number", value)
        elif (self.least is not None and value < self.least) or (
            self.most is not None and value > self.most
        ):
            yield Violation(pointer, "out_of_range", f"must be {self.least} to {self.most}")


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def check(self, value: object, pointer: str) -> Iterator[Violation]:
        """Yield a wrong type."""
        if not isinstance(value, bool):
            yield _not_a(pointer, "true or false", value)


@dataclass(frozen=True, slots=True)
class Free:
    """Anything at all: Slack checks it, we do not."""

    def check(self, value: object, pointer: str) -> Iterator[Violation]:
        """Yield nothing."""
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """An array of bounded length whose items all keep one rule."""

    each: Rule
    most: int | None = None
    least: int = 0

    def check(self, value: object, pointer: str) -> Iterator[Violation]:
        """Yield a wrong type, a count out of bounds, then what is wrong inside."""
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            yield _not_a(pointer, "an array", value)
            return
        if self.most is not None and len(value) > self.most:
            yield Violation(pointer, "too_many", f"has {len(value)} items; {self.most} are allowed")
        if len(value) < self.least:
            yield Violation(pointer, "too_few", f"needs at least {self.least} item(s)")
        for index, item in enumerate(value):
            yield from self.each.check(item, f"{pointer}/{index}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An object with known fields; `one_of` names fields of which at least one must be there."""

    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()
    type_tag: bool = True

    def check(self, value: object, pointer: str) -> Iterator[Violation]:
        """Yield missing and unknown fields, then what is wrong inside the known ones."""
        if not isinstance(value, Mapping):
            yield _not_a(pointer, "an object", value)
            return
        # Slack treats null like absence, and the SDK's models leave nulls out.
        present = {str(key): item for key, item in value.items() if item is not None}
        for name in self.required:
            if name not in present:
                yield Violation(f"{pointer}/{name}", "missing_field", f"{name} is required")
        if self.one_of and not any(present.get(name) for name in self.one_of):
            yield Violation(pointer, "missing_field", f"needs one of {', '.join(self.one_of)}")
        for name, item in present.items():
            rule = self.required.get(name) or self.optional.get(name)
            if rule is not None:
                yield from rule.check(item, f"{pointer}/{name}")
            elif not (name == "type" and self.type_tag):
                yield Violation(f"{pointer}/{name}", "unknown_field", f"{name} is not a field here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """An object whose `type` picks its shape; `only` narrows the table to what fits here."""

    table: Mapping[str, Rule]
    only: frozenset[str] = frozenset()

    def check(self, value: object, pointer: str) -> Iterator[Violation]:
        """Yield an unknown or unfitting type, else what the picked shape finds."""
        if not isinstance(value, Mapping):
            yield _not_a(pointer, "an object", value)
            return
        tag = kind_of(value)
        rule = self.table.get(tag)
        if rule is None:
            yield Violation(f"{pointer}/type", "unknown_type", f"{tag or 'no type'} is not known")
        elif self.only and tag not in self.only:
            yield Violation(
                f"{pointer}/type", "not_allowed", f"{tag} does not fit; use {sorted(self.only)}"
            )
        else:
            yield from rule.check(value, pointer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text object, plain or mrkdwn, of bounded length."""

    longest: int
    among: tuple[TextKind, ...] = ("plain_text", "mrkdwn")

    def check(self, value: object, pointer: str) -> Iterator[Violation]:
        """Yield a wrong kind of text object or a length out of bounds."""
        body = Shape(
            required={
                "type": Str(among=frozenset(self.among)),
                "text": Str(longest=self.longest, shortest=1),
            },
            optional={"emoji": Flag(), "verbatim": Flag()},
        )
        yield from body.check(value, pointer)
