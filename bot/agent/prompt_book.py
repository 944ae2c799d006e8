"""Prompt texts as versioned files: read once, filled strictly, known by version and digest."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = "prompts"

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One text, ready to be sent."""

    name: str
    text: str
    version: int
    digest: str
    """SHA-256 of the files it was made of, in hex; equal digests are equal texts before filling."""


class PromptBook:
    """The prompts of one installation."""

    def __init__(self, texts: Mapping[str, str], versions: Mapping[str, int]) -> None:
        self._texts = dict(texts)
        self._versions = dict(versions)

    @classmethod
    def load(cls) -> PromptBook:
        """Return the book of the installed `prompts` package."""
        folder = resources.files(PACKAGE)
        listed = tomllib.loads(folder.joinpath("versions.toml").read_text(encoding="utf-8"))
        texts = {
            name: folder.joinpath(f"{name}.md").read_text(encoding="utf-8").strip()
            for name in listed
        }
        return cls(texts, {name: entry["version"] for name, entry in listed.items()})

    def prompt(self, name: str, /, **values: str) -> Prompt:
        """Return a prompt with its placeholders filled.

        `{{ _shared }}`, a placeholder with an underscore first, takes in the file of that name.

        Raises:
            KeyError: There is no such prompt.
            ValueError: A placeholder got no value, or a value has no placeholder.
        """
        template = self._texts[name]
        parts = {one for one in _PLACEHOLDER.findall(template) if one.startswith("_")}
        digest = sha256(
            "\0".join([template, *(self._texts[one] for one in sorted(parts))]).encode()
        )
        template = self._included(template)
        wanted = set(_PLACEHOLDER.findall(template))
        if wanted != set(values):
            missing, extra = sorted(wanted - set(values)), sorted(set(values) - wanted)
            raise ValueError(f"prompt {name}: no value for {missing}, no placeholder for {extra}")
        return Prompt(
            name=name,
            text=_PLACEHOLDER.sub(lambda found: values[found[1]], template),
            version=self._versions[name],
            digest=digest.hexdigest(),
        )

    def _included(self, template: str) -> str:
        return _PLACEHOLDER.sub(
            lambda found: self._texts[found[1]] if found[1].startswith("_") else found[0], template
        )
