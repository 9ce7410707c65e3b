"""What the sections of a model card are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language


@dataclass(frozen=True)
class Table:
    """`columns` are headings, as many as each row has cells; the first cell names its row."""

    title: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Section:
    """`key` is the same in every language; `facts` are names and values."""

    key: str
    title: str
    paragraphs: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def named(both: Mapping[str, Any]) -> str:
    """Of {"es", "en"}, the name in the active language."""
    return str(both["en" if (get_language() or "es").startswith("en") else "es"])


def class_names(card: Mapping[str, Any]) -> dict[str, str]:
    return {each["code"]: named(each) for each in card["model"]["classes"]}
