"""`{{ post.body|markdown }}` and `{{ post.body|excerpt:40 }}`."""

from django import template
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from news.markdown import to_html, to_text

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    return to_html(text)


@register.filter
def excerpt(text: str, words: int) -> str:
    return Truncator(to_text(text)).words(words)
