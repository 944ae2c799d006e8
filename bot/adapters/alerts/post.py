"""A Slack message as alert parsers want it: whose it is, its attachments, its lines, its links.

Total over any JSON. It must not know any sender: it only undoes Slack's wrapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bot.adapters.alerts.values import URL_CHARS, line, link, moment, objects, prose
from bot.adapters.slack.flatten import blocks_text, readable_text
from bot.adapters.slack.payload import Fields, storable
from bot.adapters.slack.wording import decoded
from bot.domain.alert import AlertLink

MOST_ATTACHMENTS: Final = 20
MOST_FIELDS: Final = 50
LONGEST_PART: Final = 8_000
"""Characters read of any one text; a block's text holds 3,000, a message's 40,000."""
MOST_LINES: Final = 400
_TS: Final = re.compile(r"\d{1,12}\.\d{1,9}")
_READ: Final = frozenset({"", "bot_message", "thread_broadcast", "file_share"})
_MARKS: Final = re.compile(r"(?<![\w*_~`])([*_~`]{1,3})(?=\S)(.{1,300}?)(?<=\S)\1(?![\w*_~`])")
_LINK: Final = re.compile(r"<(https?://[^<>|\s]{1,2048})(?:\|([^<>\n]{0,300}))?>")
_MARKDOWN_LINK: Final = re.compile(r"\[([^\[\]\n]{1,200})\]\((https?://[^()\s]{1,2048})\)")
_BARE: Final = re.compile(r"(?<![<|(\w])https?://[^\s<>|\"'`]{1,2048}")
_ADDRESS: Final = re.compile(r"\s{0,4}\(https?://[^\s()]{1,2048}\)")
_EMOJI: Final = re.compile(r":[a-z0-9_+-]{2,40}:")
_DEEPEST: Final = 8
_PICTOGRAPHS: Final = "\u2190"
"""Arrows, shapes and emoji begin here; letters of other scripts do as well, and are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attachment; texts as Slack keeps them, entities decoded, markup still in."""

    title: str
    title_link: str
    pretext: str
    text: str
    fallback: str
    color: str
    """`danger`, or six hexadecimal digits without `#`."""
    fields: tuple[tuple[str, str], ...]
    footer: str
    raw_footer: str
    """With its `<!date^…>`, which tells a time that the words do not."""
    starts_at: datetime | None
    """Its `ts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One message of an app."""

    channel: str
    ts: str
    thread_ts: str | None
    team_id: str
    user: str
    bot_id: str
    app_id: str
    author: str
    """The name it is posted under, such as `Alertmanager`."""
    is_edit: bool
    body: str
    """The blocks' words, the attachments' blocks among them; markup taken out."""
    text: str
    """The message's own text, markup taken out."""
    raw_text: str
    """As it came, for JSON pasted as text."""
    attachments: tuple[Attachment, ...]
    links: tuple[AlertLink, ...]
    reading: str
    """All of it in reading order, as a person sees it."""

    @property
    def first(self) -> Attachment | None:
        """The first attachment, or None."""
        return self.attachments[0] if self.attachments else None

    @property
    def lines(self) -> tuple[str, ...]:
        """Every line in the order blocks, attachments, fallback, text; without markup.

        Fallback and text are there for clients that show nothing else: lines of them that were
        told before are left out.
        """
        parts = [self.body]
        for part in self.attachments:
            parts += [part.pretext, part.title, part.text]
            parts += [f"{title}: {value}" for title, value in part.fields]
        shown = _lines_of(parts)
        rest = _lines_of([*(part.fallback for part in self.attachments), self.text])
        known = set(shown)
        return tuple([*shown, *(entry for entry in rest if entry not in known)][:MOST_LINES])


def read_post(event: Mapping[str, Any]) -> Post | None:
    """Return an Events API message event as a Post; None if it is no readable message.

    The edit of a message (`message_changed`) reads as the message it became, under its old ts.
    Attachments that merely quote another message or unfurl an address are left out.
    """
    outer = Fields(event)
    is_edit = outer.text("subtype") == "message_changed"
    message = outer.inner("message") if is_edit else outer
    ts, channel = message.text("ts"), outer.text("channel")
    if outer.text("type") != "message" or message.text("subtype") not in _READ:
        return None
    if not channel or not _TS.fullmatch(ts):
        return None
    attached = [
        entry
        for entry in objects(message.raw("attachments"), MOST_ATTACHMENTS)
        if not _is_quotation(entry)
    ]
    words = {
        "text": message.text("text")[:LONGEST_PART],
        "blocks": message.raw("blocks"),
        "attachments": attached,
    }
    team = outer.team() or message.text("team")
    return _post(storable(words), message, channel=channel, team=team, is_edit=is_edit)


def _is_quotation(attachment: Mapping[str, Any]) -> bool:
    """Tell whether an attachment is a shared message or an address's preview."""
    return any(attachment.get(name) for name in ("is_share", "is_msg_unfurl", "from_url"))


def _post(
    words: Mapping[str, Any], message: Fields, *, channel: str, team: str, is_edit: bool
) -> Post:
    attached = objects(words["attachments"])
    inner = "\n".join(blocks_text(entry.get("blocks"))[:LONGEST_PART] for entry in attached)
    body = f"{blocks_text(words['blocks'])[:LONGEST_PART]}\n{inner}".strip()
    profile = message.inner("bot_profile")
    return Post(
        channel=channel,
        ts=message.text("ts"),
        thread_ts=message.text("thread_ts") or None,
        team_id=team,
        user=message.text("user"),
        bot_id=message.text("bot_id") or profile.text("id"),
        app_id=message.text("app_id") or profile.text("app_id"),
        author=line(message.text("username") or profile.text("name"), 80),
        is_edit=is_edit,
        body=unmarked(body),
        text=unmarked(words["text"]),
        raw_text=words["text"],
        attachments=tuple(_attachment(entry) for entry in attached),
        links=tuple(_links(words))[:100],
        reading=unmarked(readable_text(words)[:LONGEST_PART]),
    )


def unmarked(text: str) -> str:
    """Return mrkdwn as a person sees it: decoded, and without bold, italics and code marks."""
    plain = decoded(text[:LONGEST_PART])
    for _ in range(3):  # bold italics in code: marks nest this deep at most
        plain, removed = _MARKS.subn(r"\2", plain)
        if not removed:
            break
    return plain


def without_emoji(text: str) -> str:
    """Return the text without `:name:` and pictographs."""
    plain = _EMOJI.sub(" ", text)
    return " ".join("".join(c if c < _PICTOGRAPHS or c.isalnum() else " " for c in plain).split())


def without_links(text: str) -> str:
    """Return an unmarked text without the addresses that stand in brackets behind linked words."""
    return _ADDRESS.sub("", text)


def links_in(text: str) -> Iterator[AlertLink]:
    """Yield the links a text carries, in Slack's writing, in Markdown, and bare."""
    text = text[:LONGEST_PART]
    for found in _LINK.finditer(text):
        yield from link(_title(found[2] or ""), found[1].replace("&amp;", "&"))
    for found in _MARKDOWN_LINK.finditer(text):
        yield from link(found[1], found[2])
    for found in _BARE.finditer(_LINK.sub(" ", text)):
        yield from link("", found[0].rstrip(".,;:!?)]}"))


def _title(text: str) -> str:
    return without_emoji(unmarked(text))


def _lines_of(parts: Iterable[str]) -> list[str]:
    stripped = (entry.strip() for entry in "\n".join(parts).splitlines())
    return [entry for entry in stripped if entry]


def _attachment(entry: Mapping[str, Any]) -> Attachment:
    def read(name: str) -> str:
        return unmarked(prose(entry.get(name), LONGEST_PART))

    fields = [
        (unmarked(line(field.get("title"))), unmarked(prose(field.get("value"), LONGEST_PART)))
        for field in objects(entry.get("fields"), MOST_FIELDS)
    ]
    return Attachment(
        title=read("title"),
        title_link=prose(entry.get("title_link"), URL_CHARS),
        pretext=read("pretext"),
        text=read("text"),
        fallback=read("fallback"),
        color=line(entry.get("color"), 20).lstrip("#").lower(),
        fields=tuple(fields),
        footer=read("footer"),
        raw_footer=prose(entry.get("footer"), 500),
        starts_at=moment(entry.get("ts")),
    )


def _links(words: Mapping[str, Any]) -> Iterator[AlertLink]:
    for entry in objects(words["attachments"]):
        yield from link(_title(line(entry.get("title"), 80)), entry.get("title_link"))
        for field in objects(entry.get("fields"), MOST_FIELDS):
            yield from links_in(prose(field.get("value"), LONGEST_PART))
    yield from _links_of(words["blocks"], 0)
    for entry in objects(words["attachments"]):
        yield from _links_of(entry.get("blocks"), 0)
        yield from _links_of(entry.get("actions"), 0)
        for name in ("pretext", "text"):
            yield from links_in(prose(entry.get(name), LONGEST_PART))
    yield from links_in(words["text"])


def _links_of(node: object, depth: int) -> Iterator[AlertLink]:
    """Yield the links of blocks: buttons with an address, rich text, and mrkdwn."""
    if depth > _DEEPEST or not isinstance(node, Sequence) or isinstance(node, str | bytes):
        return
    for item in node[:100]:
        if not isinstance(item, Mapping):
            continue
        text = item.get("text")
        words = text.get("text") if isinstance(text, Mapping) else text
        if isinstance(words, str):
            yield from link(_title(words[:80]), item.get("url"))
            yield from links_in(words)
        else:
            yield from link("", item.get("url"))
        for name in ("elements", "fields"):
            yield from _links_of(item.get(name), depth + 1)
        yield from _links_of([item.get("accessory")], depth + 1)
