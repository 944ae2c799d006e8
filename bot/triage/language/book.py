"""The phrase books: which language a text is in, and every sentence in that language.

English, German, Spanish and French; any other language is answered in English here (a language
model, when there is one, answers in any).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

LANGUAGES = ("en", "de", "es", "fr")
# Folders with the sentences of one topic each, a file for every language.
TOPICS = ("causes", "clouds", "measures", "remedies", "strains", "topology")

# Words of a question, hyphens and dots inside kept: names have them.
_WORD = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")
# Letters that only one of the four languages writes.
_LETTERS = {"ß": "de", "ä": "de", "ö": "de", "ü": "de", "ñ": "es", "¿": "es", "¡": "es"}
_LETTERS |= {"ç": "fr", "œ": "fr", "è": "fr", "ê": "fr", "à": "fr", "û": "fr", "î": "fr"}
# What a telling letter, or a phrase of the questions themselves, weighs against a small word.
_STRONG = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One language; words without accents, as people in a hurry type them."""

    code: str
    marks: frozenset[str]
    """Frequent words that tell the language."""
    glue: frozenset[str]
    """Words that are never meant as a name, `marks` among them."""
    places: frozenset[str]
    """Words after which a place is named, such as `in`."""
    asks: Mapping[str, tuple[tuple[str, ...], ...]]
    """Intent to the phrases that tell it, each a tuple of words."""
    sentences: Mapping[str, str]
    steps: Mapping[str, str]

    def say(self, phrase: str, **values: str) -> str:
        """Return the sentence, filled; KeyError for a phrase or value that does not exist."""
        return self.sentences[phrase].format(**values)

    def step(self, phrase: str, **values: str) -> str:
        """Return one part of a step, filled."""
        return self.steps[phrase].format(**values)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text, case folded, without accents and apostrophes."""
    apart = re.sub(r"['\u2019\u2018`\u00b4/]", " ", text.casefold())
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", apart)
        if not unicodedata.combining(letter)
    )
    return tuple(_WORD.findall(plain))


@cache
def open_book(code: str) -> Book:
    """Return one of LANGUAGES: its words, with the sentences of every topic."""
    folder = resources.files("bot.triage.language")
    content = tomllib.loads(folder.joinpath(f"{code}.toml").read_text("utf-8"))
    for topic in TOPICS:
        more = tomllib.loads(folder.joinpath(topic, f"{code}.toml").read_text("utf-8"))
        for table in more.keys() & {"asks", "says", "does"}:
            content[table] |= more[table]
    asks = {
        intent: tuple(words_of(phrase) for phrase in phrases)
        for intent, phrases in content["asks"].items()
    }
    marks = _plain(content["marks"])
    asked = {word for phrases in asks.values() for phrase in phrases for word in phrase}
    places = _plain(content["places"])
    return Book(
        code=code,
        marks=marks,
        glue=frozenset(marks | places | asked | _plain(content["glue"])),
        places=places,
        asks=asks,
        sentences=content["says"],
        steps=content["does"],
    )


def language_of(text: str) -> str:
    """Return the language whose words the text has most of; English when in doubt."""
    words = words_of(text)
    scores = {code: _score(open_book(code), words) for code in LANGUAGES}
    for letter in set(text.casefold()) & _LETTERS.keys():
        scores[_LETTERS[letter]] += _STRONG
    best = max(LANGUAGES, key=lambda code: scores[code])
    return best if scores[best] > scores["en"] else "en"


def says(words: tuple[str, ...], phrases: tuple[tuple[str, ...], ...]) -> bool:
    """Tell whether one of the phrases is in the words: all of its words, in any order."""
    return any(set(phrase) <= set(words) for phrase in phrases)


def _score(book: Book, words: tuple[str, ...]) -> int:
    asked = sum(says(words, phrases) for phrases in book.asks.values())
    return sum(word in book.marks for word in words) + _STRONG * asked


def _plain(phrases: list[str]) -> frozenset[str]:
    return frozenset(word for phrase in phrases for word in words_of(phrase))
