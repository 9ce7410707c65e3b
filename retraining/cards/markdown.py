"""A model card as Markdown (CommonMark, with the tables of GitHub)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from retraining.cards.parts import Section, Table
from retraining.cards.sections import sections_of, title_of

# What Markdown would read as a sign: names of institutions are typed by people.
_SIGNS: Final = re.compile(r"([\\`*_{}\[\]<>#|])")


def markdown_of(card: Mapping[str, Any]) -> str:
    """In the active language."""
    lines = [f"# {_escaped(title_of(card))}", ""]
    for section in sections_of(card):
        lines += _section(section)
    return "\n".join(lines).rstrip() + "\n"


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {_escaped(section.title)}", "")
    for paragraph in section.paragraphs:
        yield from (_escaped(paragraph), "")
    if section.facts:
        yield from _table([_("Fact"), _("Value")], [list(fact) for fact in section.facts])
    for table in section.tables:
        yield from _titled(table)


def _titled(table: Table) -> Iterator[str]:
    if table.title:
        yield from (f"### {_escaped(table.title)}", "")
    yield from _table(table.columns, table.rows)


def _table(columns: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield _row(columns)
    yield _row(["---"] * len(columns), is_raw=True)
    yield from (_row(row) for row in rows)
    yield ""


def _row(cells: Iterable[str], *, is_raw: bool = False) -> str:
    return f"| {' | '.join(cell if is_raw else _escaped(cell) for cell in cells)} |"


def _escaped(text: str) -> str:
    return _SIGNS.sub(r"\\\1", " ".join(str(text).split()))
