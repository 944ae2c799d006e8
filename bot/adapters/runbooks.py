"""Runbooks from Markdown files with a YAML head, found by alert name first and by words second.

The word index is SQLite's FTS5 in memory: it is there wherever Python is, ranks by BM25, and needs
no service. Pages are read once, at start; a page that is wrong is named, with what to write.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.errors import SettingsError
from bot.domain.runbook import SLOTS, Check, Runbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.resources.abc import Traversable
    from pathlib import Path

OURS: Final = "nightdesk"
MOST: Final = 3
MOST_BYTES: Final = 64 * 1024
"""A page longer than that is a manual."""
MOST_PAGES: Final = 2_000
_HEAD: Final = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,40}")
_MOST_WORDS: Final = 40
# Of title, alerts and body: what a page is called says more than what it mentions.
_WEIGHTS: Final = "4.0, 4.0, 1.0"
_LEAST_SHARED: Final = 2
"""A page that shares one word with an alert is about something else more often than not."""
_COMMON_SHARE: Final = 0.25
_FEW_PAGES: Final = 8
"""Below it, no word is common enough to say nothing."""


class _CheckHead(BaseModel):
    model_config = ConfigDict(extra="forbid")

    run: str = Field(min_length=1, max_length=500)
    why: str = Field(min_length=1, max_length=200)


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=120)
    alerts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    checks: tuple[_CheckHead, ...] = Field(default=(), max_length=6)


class RunbookShelf:
    """Implements bot.ports.knowledge.Runbooks over pages in memory."""

    def __init__(self, pages: Sequence[Runbook]) -> None:
        self.pages = tuple(pages)
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute(
            "CREATE VIRTUAL TABLE pages USING fts5(title, alerts, body, tokenize='porter')"
        )
        self._index.executemany(
            "INSERT INTO pages(rowid, title, alerts, body) VALUES (?, ?, ?, ?)",
            (
                (number, page.title, " ".join(_apart(name) for name in page.alerts), page.text)
                for number, page in enumerate(self.pages)
            ),
        )
        self._index.commit()
        self._told = [
            frozenset(_words(" ".join((page.title, *page.alerts, page.text))))
            for page in self.pages
        ]
        counted = Counter(word for words in self._told for word in words)
        most = max(len(self.pages) * _COMMON_SHARE, _FEW_PAGES)
        self._common = {word for word, pages in counted.items() if pages > most}

    def matching(
        self, *, alerts: Sequence[str], services: Sequence[str], text: str
    ) -> list[Runbook]:
        """Return the pages of these alerts, a service's own first; only without any, by words."""
        wanted = {name.casefold() for name in alerts}
        about = {name.casefold() for name in services}
        named = [
            page
            for page in self.pages
            if wanted & {name.casefold() for name in page.alerts} and _fits(page, about)
        ]
        # A team's own page on its service comes before anybody's general one.
        named.sort(key=lambda page: (not page.services, page.origin == OURS))
        return named[:MOST] or self._by_words(" ".join((*alerts, text)), about)

    def _by_words(self, text: str, about: set[str]) -> list[Runbook]:
        words = list(dict.fromkeys(_words(text)))[:_MOST_WORDS]
        if not words:
            return []
        rows = self._index.execute(
            f"SELECT rowid FROM pages WHERE pages MATCH ? ORDER BY bm25(pages, {_WEIGHTS}) LIMIT ?",
            (" OR ".join(f'"{word}"' for word in words), MOST),
        ).fetchall()
        telling = set(words) - self._common
        for (number,) in rows:
            page = self.pages[number]
            if len(telling & self._told[number]) >= _LEAST_SHARED and _fits(page, about):
                return [page]
        return []


def open_shelf(directory: Path | None = None) -> RunbookShelf:
    """Return the pages that come with Nightdesk, with a team's own where a directory is given.

    Raises:
        SettingsError: The directory or pages in it cannot be read; every one is named.
    """
    pages, problems = _read(resources.files("prompts").joinpath("runbooks"), origin=OURS)
    if directory is not None:
        if not directory.is_dir():
            raise SettingsError([f"NIGHTDESK_RUNBOOKS {directory} is no directory"])
        own, wrong = _read(directory, origin=directory.name)
        # A team's page replaces ours of the same name.
        taken = {page.name for page in own}
        pages = [*own, *(page for page in pages if page.name not in taken)]
        problems += wrong
    if problems:
        raise SettingsError(problems)
    return RunbookShelf(pages[:MOST_PAGES])


def read_page(name: str, text: str, *, origin: str) -> Runbook:
    """Return one page.

    Raises:
        SettingsError: Its head is missing or wrong; the text says what to write.
    """
    parts = _HEAD.match(text.replace("\r\n", "\n"))
    if parts is None:
        raise SettingsError(
            [f"{name}.md has no head: begin it with a line `---`, `title: …`, and a line `---`"]
        )
    try:
        content: Any = yaml.safe_load(parts[1])
        head = _Head.model_validate(content)
    except (yaml.YAMLError, ValidationError) as error:
        reason = " ".join(str(error).split())[:300]
        raise SettingsError([f"{name}.md has a wrong head: {reason}"]) from None
    checks = tuple(Check(command=one.run, why=one.why) for one in head.checks)
    return Runbook(
        name=name,
        title=head.title,
        alerts=head.alerts,
        services=head.services,
        checks=checks,
        text=parts[2].strip(),
        origin=origin,
    )


def unknown_slots(check: Check) -> frozenset[str]:
    """Return what looks like a slot of a kubectl command and is none we can fill."""
    if not check.command.startswith("kubectl "):
        return frozenset()
    return frozenset(re.findall(r"\{([a-z_]+)\}", check.command)) - SLOTS


def _read(folder: Traversable | Path, *, origin: str) -> tuple[list[Runbook], list[str]]:
    pages: list[Runbook] = []
    problems: list[str] = []
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".md") or file.name == "README.md":
            continue
        name = file.name.removesuffix(".md")
        try:
            raw = file.read_bytes()
            if len(raw) > MOST_BYTES:
                problems.append(f"{name}.md is longer than {MOST_BYTES:,} bytes: split it")
                continue
            page = read_page(name, raw.decode(), origin=origin)
        except OSError as error:
            problems.append(f"{name}.md cannot be read: {error.strerror}")
            continue
        except UnicodeDecodeError:
            problems.append(f"{name}.md is not a text file in UTF-8")
            continue
        except SettingsError as error:
            problems += error.problems
            continue
        problems += [
            f"{name}.md: {{{slot}}} is no slot; there are {', '.join(sorted(SLOTS))}"
            for check in page.checks
            for slot in sorted(unknown_slots(check))
        ]
        pages.append(page)
    return pages, problems


def _fits(page: Runbook, about: set[str]) -> bool:
    return not page.services or bool(about & {name.casefold() for name in page.services})


def _words(text: str) -> list[str]:
    """Return the words of a text, case folded, without the ending of a plural or a past."""
    found = (word.casefold() for word in _WORD.findall(_apart(text)))
    return [re.sub(r"(?<=[a-z]{3})(?:ed|es|s)$", "", word) for word in found]


def _apart(text: str) -> str:
    """Return the text with CamelCase names as words too: KubePodCrashLooping, crash, looping."""
    return " ".join((text, *_parts(re.findall(r"[A-Za-z]+", text))))


def _parts(names: Iterable[str]) -> list[str]:
    return [part for name in names for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
