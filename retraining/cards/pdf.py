"""A model card as PDF (A4), drawn in pure Python. Nothing is fetched: the fonts come with the
library, and what they lack (a name in another script) is shown as a question mark."""

import io
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from retraining.cards.parts import Section
from retraining.cards.sections import sections_of, title_of

PLAIN: Final = "CardPlain"
BOLD: Final = "CardBold"
INK: Final = "#1b2430"
LINE: Final = "#c9d1d9"
SHADE: Final = "#eef2f5"
MARGIN: Final = 51.0


def pdf_of(card: Mapping[str, Any]) -> bytes:
    """In the active language. Equal cards give equal bytes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    stream, title = io.BytesIO(), title_of(card)
    document = SimpleDocTemplate(
        stream, pagesize=A4, title=title, author="COVID-XR", invariant=True, lang=_language(),
        leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
    )  # fmt: skip
    body = [_paragraph(title, "title"), *_story(card, document.width)]
    document.build(body, onFirstPage=_numbered, onLaterPages=_numbered)
    return stream.getvalue()


def _language() -> str:
    return get_language() or "es"


def _story(card: Mapping[str, Any], width: float) -> Iterator[Any]:
    for section in sections_of(card):
        yield from _section(section, width)


def _section(section: Section, width: float) -> Iterator[Any]:
    yield _paragraph(section.title, "heading")
    for text in section.paragraphs:
        yield _paragraph(text, "body")
    if section.facts:
        yield _table([], [list(fact) for fact in section.facts], width)
    for table in section.tables:
        if table.title:
            yield _paragraph(table.title, "caption")
        yield _table(table.columns, table.rows, width)


def _table(columns: list[str], rows: list[list[str]], width: float) -> Any:
    """The first column names the row and is wide; a row without columns is a fact and its value."""
    from reportlab.platypus import Table, TableStyle

    first = 0.38 if len(rows[0] if rows else columns) <= 3 else 0.28
    others = max(len(columns or rows[0]) - 1, 1)
    widths = [width * first, *[width * (1 - first) / others] * others]
    head = [[_paragraph(cell, "strong") for cell in columns]] if columns else []
    body = [[_paragraph(cell, "cell") for cell in row] for row in rows]
    style = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    if columns:
        style.append(("BACKGROUND", (0, 0), (-1, 0), SHADE))
    return Table(
        [*head, *body], colWidths=widths, repeatRows=len(head), style=TableStyle(style),
        spaceAfter=8,
    )  # fmt: skip


def _paragraph(text: str, style: str) -> Any:
    from reportlab.platypus import Paragraph

    return Paragraph(escape(_drawable(str(text))), _styles()[style])


def _drawable(text: str) -> str:
    """Spaces that do not break are spaces to this font; what it lacks is a question mark."""
    known = _characters()
    spaced = text.replace("\u202f", "\u00a0")
    return "".join(sign if ord(sign) in known or sign.isspace() else "?" for sign in spaced)


@cache
def _characters() -> frozenset[int]:
    from reportlab.pdfbase import pdfmetrics

    _register()
    return frozenset(pdfmetrics.getFont(PLAIN).face.charToGlyph)


@cache
def _register() -> None:
    """Bitstream Vera, which lies beside the library."""
    import reportlab
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    fonts = Path(reportlab.__file__).parent / "fonts"
    pdfmetrics.registerFont(TTFont(PLAIN, str(fonts / "Vera.ttf")))
    pdfmetrics.registerFont(TTFont(BOLD, str(fonts / "VeraBd.ttf")))


@cache
def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    _register()
    body = ParagraphStyle(
        "body", fontName=PLAIN, fontSize=8.5, leading=12, textColor=INK, spaceAfter=5,
        splitLongWords=True,
    )  # fmt: skip
    return {
        "body": body,
        "cell": ParagraphStyle("cell", parent=body, fontSize=7.5, leading=10, spaceAfter=0),
        "strong": ParagraphStyle(
            "strong", parent=body, fontName=BOLD, fontSize=7.5, leading=10, spaceAfter=0
        ),
        "caption": ParagraphStyle(
            "caption", parent=body, fontName=BOLD, fontSize=8.5, spaceBefore=4, keepWithNext=True
        ),
        "heading": ParagraphStyle(
            "heading", parent=body, fontName=BOLD, fontSize=12, leading=16, spaceBefore=12,
            keepWithNext=True,
        ),
        "title": ParagraphStyle("title", parent=body, fontName=BOLD, fontSize=17, leading=22),
    }  # fmt: skip


def _numbered(canvas: Any, document: Any) -> None:
    canvas.setFont(PLAIN, 7.5)
    canvas.setFillColor(INK)
    text = _("Page %(number)s") % {"number": document.page}
    canvas.drawRightString(document.pagesize[0] - MARGIN, MARGIN / 2, text)
