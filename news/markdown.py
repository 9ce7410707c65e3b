"""Markdown of a post to HTML that is safe to show and to put in a feed."""

import html
import itertools

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
SCHEMES = {"http", "https", "mailto"}
SUBSTITUTE = {"h1": "h2", "h5": "h4", "h6": "h4"}

_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def to_html(text: str) -> SafeString:
    """Safe HTML: no raw HTML, pictures, scripts or styles; the page's own h1 stays the only one.

    Two guards on purpose: the parser escapes raw HTML, nh3 keeps an allow-list of what it wrote.
    """
    tokens = _parser.parse(text)
    for token in tokens:
        token.tag = SUBSTITUTE.get(token.tag, token.tag)
    rendered = _parser.renderer.render(tokens, _parser.options, {})
    cleaned = nh3.clean(
        rendered,
        tags=TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(cleaned)  # noqa: S308  (the output of nh3's allow-list)


def to_text(text: str) -> str:
    """The words of the paragraphs and lists, for an excerpt: no headings, no tables, no markup."""
    tokens = _parser.parse(text)
    pairs = itertools.pairwise(tokens)
    sentences = [inline for opener, inline in pairs if opener.type == "paragraph_open"]
    rendered = " ".join(_parser.renderInline(token.content) for token in sentences)
    return " ".join(html.unescape(nh3.clean(rendered, tags=set())).split())
