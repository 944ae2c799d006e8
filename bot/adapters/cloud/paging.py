"""Answers in pages, joined up to a ceiling; what lies beyond it is said, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.ports.cloud import CloudReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports.cloud import Content

MAX_PAGES = 5
MAX_ITEMS = 500
MAX_BYTES = 256 * 1024
"""Of the pages as they came; the page that goes over it is the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How one operation's pages follow each other, as botocore's paginator data say it."""

    tokens: tuple[tuple[str, str], ...]
    """Pairs: member of the answer, parameter of the next call."""
    listed: tuple[str, ...]
    """Keys of the lists that go on from page to page; the first is the operation's subject."""
    flag: str | None = None
    """Member that says whether there is more, where a token alone does not."""

    @classmethod
    def of(cls, config: dict[str, Any]) -> Paging | None:
        """Return the form of a paginator's entry; None for one whose parts are nested."""
        outputs, inputs = _words(config["output_token"]), _words(config["input_token"])
        listed = _words(config["result_key"])
        if any(not word.isidentifier() for word in (*outputs, *inputs, *listed)):
            return None
        return cls(
            tokens=tuple(zip(outputs, inputs, strict=True)),
            listed=listed,
            flag=config.get("more_results"),
        )

    def following(self, page: Content) -> dict[str, Any]:
        """Return the parameters that ask for the next page; none when this was the last."""
        if self.flag is not None and not page.get(self.flag):
            return {}
        return {inward: page[outward] for outward, inward in self.tokens if page.get(outward)}


def collected(
    call: Callable[..., Content],
    params: dict[str, Any],
    paging: Paging | None,
    *,
    in_time: Callable[[], bool],
) -> CloudReply:
    """Return the pages joined: at most 5 pages, 500 items, 256 KiB, and while there is time.

    Parameters that already name a page are sent as they are, once.
    """
    if paging is None or any(inward in params for _outward, inward in paging.tokens):
        content = call(**params)
        more = paging is not None and bool(paging.following(content))
        content, cut = _capped(content, paging.listed if paging else ())
        return CloudReply(
            content=content, more=more or cut, listed=paging.listed[0] if paging else None
        )
    joined: Content = {}
    size, pages, following = 0, 0, dict(params)
    while True:
        page = call(**following)
        pages += 1
        size += _size(page)
        _join(joined, page, paging.listed)
        step = paging.following(page)
        count = sum(len(joined.get(key) or ()) for key in paging.listed)
        if not step or _repeats(step, following):
            break
        if pages >= MAX_PAGES or count >= MAX_ITEMS or size >= MAX_BYTES or not in_time():
            joined, _cut = _capped(joined, paging.listed)
            return CloudReply(content=joined, more=True, pages=pages, listed=paging.listed[0])
        following = {**params, **step}
    joined, cut = _capped(joined, paging.listed)
    for outward, _inward in paging.tokens:
        joined.pop(outward, None)
    return CloudReply(content=joined, more=cut, pages=pages, listed=paging.listed[0])


def _join(joined: Content, page: Content, listed: tuple[str, ...]) -> None:
    for key, value in page.items():
        if key in listed and isinstance(value, list) and isinstance(joined.get(key), list):
            joined[key] = joined[key] + value
        else:
            joined[key] = value


def _capped(content: Content, listed: tuple[str, ...]) -> tuple[Content, bool]:
    cut = False
    for key in listed:
        value = content.get(key)
        if isinstance(value, list) and len(value) > MAX_ITEMS:
            content = {**content, key: value[:MAX_ITEMS]}
            cut = True
    return content, cut


def _repeats(step: dict[str, Any], sent: dict[str, Any]) -> bool:
    """Tell whether the next page is the one just read, as GetLogEvents ends its pages."""
    return all(sent.get(name) == value for name, value in step.items())


def _size(page: Content) -> int:
    headers = page.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    said = str(headers.get("content-length", ""))
    return int(said) if said.isdigit() else 0


def _words(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (str(value),)
