"""The page for security keys: what is asked, in plain text, and the few lines that call the key.

Pure. It loads nothing from anywhere, is shown in no other page's frame, and is kept by no cache.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final

PLAIN_HEADERS: Final = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
_POLICY: Final = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPage:
    """What stands on the page; all of it is escaped when it is written."""

    heading: str
    says: str
    facts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Labels, each with its lines."""
    button: str = ""
    """Empty where there is nothing to confirm."""
    question: Mapping[str, Any] = field(default_factory=dict)
    """What the key is asked, as JSON."""


def written(page: KeyPage, *, nonce: str) -> str:
    """Return the page as HTML; `nonce` lets its one script and its one style be used."""
    facts = "".join(_fact(label, lines) for label, lines in page.facts)
    return _template().substitute(
        heading=escape(page.heading),
        says=escape(page.says),
        facts=f"<dl>{facts}</dl>" if facts else "",
        button=escape(page.button),
        hidden="" if page.button else "hidden",
        question=escape(json.dumps(dict(page.question))),
        nonce=escape(nonce),
    )


def page_headers(*, nonce: str) -> tuple[tuple[str, str], ...]:
    """Return the headers that keep the page to itself."""
    return (
        *PLAIN_HEADERS,
        ("Content-Security-Policy", _POLICY.format(nonce=nonce)),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        (
            "Permissions-Policy",
            "publickey-credentials-create=(self), publickey-credentials-get=(self)",
        ),
        ("X-Frame-Options", "DENY"),
    )


def _fact(label: str, lines: tuple[str, ...]) -> str:
    return f"<dt>{escape(label)}</dt><dd><pre>{escape(chr(10).join(lines))}</pre></dd>"


@cache
def _template() -> Template:
    return Template(files("bot.adapters.factors").joinpath("page.html").read_text(encoding="utf-8"))
