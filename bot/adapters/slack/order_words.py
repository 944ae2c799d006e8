"""`run` as people type it, taken apart into names and values; nothing is guessed here.

Pure: `rollout_restart kind=Deployment name=cart namespace=shop` and
`rollout_restart deployment/cart -n shop` both. What a name means is for the operation.
"""

from __future__ import annotations

import re
import shlex
from typing import Final

MOST_WORDS: Final = 60
_QUOTES: Final = str.maketrans("\u201c\u201d\u201e\u2018\u2019", '"""\'\'')
"""Phones type curly quotes."""
_PAIR: Final = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_-]{0,40})=(?P<value>.*)", re.DOTALL)
_FLAG: Final = re.compile(r"--(?P<name>[A-Za-z][A-Za-z0-9_-]{0,40})")
_SHORT: Final = {"-n": "namespace"}


def split_words(text: str) -> list[str]:
    """Return the words of a line; what stands in quotes is one word."""
    plain = text.translate(_QUOTES).replace("`", " ")
    try:
        return shlex.split(plain)
    except ValueError:
        # A quote that is never closed.
        return plain.split()


def read_words(words: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return values by name, and the words that have none; a name said twice stays a word."""
    given: dict[str, str] = {}
    loose: list[str] = []
    left = list(words[:MOST_WORDS])
    while left:
        word = left.pop(0)
        pair = _PAIR.fullmatch(word.removeprefix("--"))
        flag = _FLAG.fullmatch(word)
        if pair is not None:
            name, value = pair["name"], pair["value"]
        elif (flag is not None or word in _SHORT) and left:
            name, value = flag["name"] if flag is not None else _SHORT[word], left.pop(0)
        else:
            loose.append(word)
            continue
        name = name.lower().replace("-", "_")
        if name in given:
            loose.append(f"{name}={value}")
        else:
            given[name] = value
    return given, tuple(loose)
