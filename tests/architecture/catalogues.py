"""Sentences of the catalogues, as a reader could find them in a page."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation import trans_real

SPANISH = Path(settings.LOCALE_PATHS[0]) / "es" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{[\w:]*\}")
TAG = re.compile(r"<[^>]+>")

# Shorter ones are found inside other words and names.
TELLING = 13
READ_ALOUD = {"alt", "aria-label", "aria-description", "content", "placeholder", "title"}
UNREAD = {"script", "style", "svg"}


def catalogue() -> polib.POFile:
    return polib.pofile(str(SPANISH), encoding="utf-8")


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


@cache
def telling_pieces(language: str) -> frozenset[str]:
    """What betrays a text in `language` (en or es), of our catalogue and of the libraries'."""
    known = trans_real.translation("es")._catalog.items()
    pairs = [(_msgid(key), text) for key, text in known if _msgid(key) and text]
    # Neither plurals nor what lacks a translation are keys of a compiled catalogue.
    ours = [text for entry in catalogue() for text in (entry.msgid, entry.msgid_plural)]
    english = {piece for text in [*(key for key, _ in pairs), *ours] for piece in _pieces(text)}
    spanish = {piece for _, text in pairs for piece in _pieces(text)}
    return frozenset(english - spanish if language == "en" else spanish - english)


def leaks(html: str, language: str) -> set[str]:
    """Sentences of `language` in a page that is written in the other one."""
    text = visible_text(html)
    return {piece for piece in telling_pieces(language) if piece in text}


def visible_text(html: str) -> str:
    """What is seen or read aloud of a page, each run of spaces as one."""
    reader = _Reader()
    reader.feed(html)
    return " ".join(" ".join(reader.parts).split())


def _msgid(key) -> str:
    key = key[0] if isinstance(key, tuple) else key
    return key.rpartition("\x04")[2]


def _pieces(text: str) -> set[str]:
    parts = TAG.sub("\0", PLACEHOLDER.sub("\0", text)).split("\0")
    words = {" ".join(part.split()).strip(" .,:;()") for part in parts}
    return {word for word in words if len(word) >= TELLING}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.unread = 0

    def handle_starttag(self, tag, attributes) -> None:
        self.unread += tag in UNREAD
        for name, value in attributes:
            if value and (name in READ_ALOUD or name.startswith("data-")):
                self.parts.append(value)

    def handle_endtag(self, tag) -> None:
        self.unread -= tag in UNREAD

    def handle_data(self, data) -> None:
        if not self.unread:
            self.parts.append(data)
